"""The demo: learn the handwritten digits, learn a text, draw what happened; every figure as target and reached."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np

from nn.cli import example, printer
from nn.data import DataLoader, digits, topics
from nn.errors import need
from nn.functional import cross_entropy
from nn.gallery import training_pictures
from nn.models.mlp import MLP
from nn.optim import AdamW, CosineSchedule, decay_groups
from nn.pictures import Fact, write_index
from nn.recipes import Recipe, TextTraining
from nn.sample import sample
from nn.train import accuracy, train

STEPS = 600
DIGIT_EPOCHS = 40
EVERY = 100  # steps between samples
SAMPLE = 300  # characters at the end
PROMPT = "The "


@dataclasses.dataclass(frozen=True)
class Figure:
    """A number with the bound it should keep: at least `target`, or at most."""

    name: str
    target: float
    reached: float
    at_least: bool
    form: str

    @property
    def met(self) -> bool:
        """Whether the bound is kept."""
        return self.reached >= self.target if self.at_least else self.reached <= self.target

    @property
    def bound(self) -> str:
        """Which side of the target is good."""
        return "at least" if self.at_least else "at most"

    def line(self) -> str:
        """Target and reached, as printed."""
        target, reached = self.form.format(self.target), self.form.format(self.reached)
        verdict = "ok" if self.met else "MISSED"
        return f"{self.name:<46} target {self.bound:<8} {target:>7}   reached {reached:>7}   {verdict}"


def digit_accuracy(seed: int) -> float:
    """Test accuracy of a 64-16-16-10 network on a fifth of the digits, after learning the other four."""
    learn, test = digits().split(0.8, np.random.default_rng([seed, 0]))
    model = MLP([64, 16, 16, 10], rng=np.random.default_rng([seed, 1]))
    loader = DataLoader(learn, batch_size=32, seed=seed)
    steps = DIGIT_EPOCHS * len(loader)
    stream = (batch for _ in range(DIGIT_EPOCHS) for batch in loader)
    optimizer = AdamW(decay_groups(model, weight_decay=0.1), lr=5e-3)
    train(
        model,
        [optimizer],
        lambda: next(stream),
        steps,
        loss=lambda x, y: cross_entropy(model(x), y),
        schedule=CosineSchedule(optimizer, steps),
        record_gradients=False,
    )
    return accuracy(model, *test.arrays)


def run(folder: Path, steps: int = STEPS, seed: int = 0, screen: Any = None) -> list[Figure]:
    """Do all of it, print as it goes, and the path of the page last.

    Parameters
    ----------
    folder : Path
        Where the pictures go.
    steps : int
        Of the language model.
    seed : int
    screen : rich.console.Console

    Returns
    -------
    list of Figure
        As printed.
    """
    began = time.perf_counter()
    say = printer(screen)
    digits()
    need("matplotlib", "draw", "drawing pictures")  # what is missing is told now, not in a minute
    folder.mkdir(parents=True, exist_ok=True)

    say("1. A network with 64-16-16-10 neurons learns scikit-learn's 1,797 handwritten digits (a fifth is the test)")
    shares = [100 * digit_accuracy(seed + i) for i in range(3)]
    say("   test accuracy with three seeds: " + ", ".join(f"{share:.2f} %" for share in shares))
    figures = [Figure("digits: test accuracy, mean of three seeds", 96.0, float(np.mean(shares)), True, "{:.2f} %")]

    text = TextTraining(topics(), Recipe(steps=steps, seed=seed))
    bigram = text.baseline()
    say()
    say(
        f"2. A GPT with 4 layers, 4 heads, width 128 and context 64 ({text.model.num_parameters():,} "
        f"parameters) learns the help texts of Python,\n   character by character: "
        f"{len(text.learn.tokens):,} to learn from, {len(text.validation.tokens):,} to validate on"
    )
    say(f"   bigram model (counted pairs, add-one smoothing): validation loss {bigram:.3f} nats per character")
    history = text.train(
        None, screen, hooks=[(EVERY, lambda step: say(f"   step {step}: {example(text, 100, PROMPT)}"))]
    )
    if history.interrupted:
        raise KeyboardInterrupt
    loss = history.validation[-1][1]
    say(f"   {history.steps} steps in {history.seconds:.0f} s: validation loss {loss:.3f}; bigram model {bigram:.3f}")
    say(f"   {SAMPLE} characters from the trained model:")
    written = sample(text.model, text.tokenizer, PROMPT, SAMPLE, np.random.default_rng(seed), temperature=0.8)
    say("\n".join(f"   | {line}" for line in (PROMPT + written).splitlines()))
    figures.append(Figure("language model: validation loss", 1.40, loss, False, "{:.3f}"))
    figures.append(Figure("language model: below the bigram model by", 0.9, bigram - loss, True, "{:.3f}"))

    say()
    say(f"3. Pictures, in {folder}")
    pictures = training_pictures(text, folder)
    figures.append(Figure("the whole demo, in seconds", 120, time.perf_counter() - began, False, "{:.0f}"))
    say()
    for figure in figures:
        say(figure.line())
    facts = [Fact(f.name, f.form.format(f.reached), f"{f.bound} {f.form.format(f.target)}", f.met) for f in figures]
    page = write_index(folder, pictures, "What the networks learned", facts=facts)
    say()
    say(str(page.resolve()))
    return figures

"""The pictures of a training or of a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

import autograd.numpy as np
from autograd import Tensor, no_grad
from autograd.draw import draw
from nn.models.gpt import GPT
from nn.module import evaluating
from nn.pictures import attention_image, gradient_flow_image
from nn.recipes import TextTraining
from nn.sample import sample
from nn.tokenizers import CharTokenizer
from nn.visual.recording import recording

Array = NDArray[Any]
Entry = tuple[str, Path, str]

SHOWN = 48  # characters in an attention picture: more cannot be read
BLOCK = 8  # characters that go through the block that is drawn


def neuron_picture(folder: Path) -> Entry:
    """The graph of one neuron, tanh(w1 x1 + w2 x2 + b), with the value and the gradient at every op."""
    numbers = {"w1": -3.0, "x1": 2.0, "w2": 1.0, "x2": 0.0, "b": 6.7}
    w1, x1, w2, x2, b = (Tensor(value, requires_grad=True, name=name) for name, value in numbers.items())
    output = np.tanh(w1 * x1 + w2 * x2 + b)
    path = draw(output).save(folder / "neuron.svg")[0]
    return "One neuron", path, "tanh(w1 x1 + w2 x2 + b): values flow to the right, gradients back to the left."


def block_picture(model: GPT, tokens: Array, folder: Path) -> Entry:
    """The graph of the first transformer block, as it reads the beginning of a text."""
    stem = model.transformer
    tokens = tokens[None, :BLOCK]
    with no_grad():
        stream = stem.wte(tokens) + stem.wpe(numpy.arange(tokens.shape[1]))
    x = Tensor(stream.data, requires_grad=True, name="residual stream")
    block = stem.h[0]
    output = block(x)
    weight = numpy.full(output.shape, 1 / output.size, output.dtype)
    drawing = draw(output, model=block, gradient=weight)
    caption = f"The first block as it reads {tokens.shape[1]} characters: every op that backward() walks through."
    return "One transformer block", drawing.save(folder / "block.svg")[0], caption


def attention_picture(model: GPT, tokenizer: CharTokenizer, tokens: Array, folder: Path) -> Entry:
    """One head's attention pattern: of all heads, the one that looks at the character before the most."""
    tokens = tokens[: min(SHOWN, model.config.context)]
    patterns = attention_patterns(model, tokens)
    before = patterns.diagonal(-1, 2, 3).mean(-1)
    layer, head = numpy.unravel_index(before.argmax(), before.shape)
    title = f"Attention pattern of layer {layer + 1}, head {head + 1}"
    characters = [tokenizer.decode([t]) for t in tokens]
    path = attention_image(patterns[layer, head], characters, folder / "attention.svg", title)
    caption = (
        "Each row is a character; its weights over the characters up to it add up to 1. Of all heads, this one looks "
        "at the character just before the most."
    )
    return title, path, caption


def attention_patterns(model: GPT, tokens: Array) -> Array:
    """All attention patterns on some tokens: shape (layers, heads, tokens, tokens)."""
    with evaluating(model), no_grad(), recording(model) as kept:
        model(tokens[None])
    return numpy.stack([one.pattern[0] for one in kept])


def gradient_picture(gradients: dict[str, list[float]], folder: Path) -> Entry:
    """The length of every layer's gradient over the training."""
    path = gradient_flow_image(gradients, folder / "gradients.svg")
    return "Gradient size per layer over training", path, "The length of the gradient in each layer, before clipping."


def training_pictures(run: TextTraining, folder: Path) -> list[Entry]:
    """All pictures of a training that has just ended, for `write_index`."""
    tokens = _prose(run.validation.tokens, run.tokenizer)
    return [
        neuron_picture(folder),
        block_picture(run.model, tokens, folder),
        attention_picture(run.model, run.tokenizer, tokens, folder),
        gradient_picture(run.history.gradients, folder),
    ]


def _prose(tokens: Array, tokenizer: CharTokenizer) -> Array:
    """Of the windows of a text, the first with the most letters: tables and code show little of a language."""
    letters = numpy.array([character.isalpha() for character in tokenizer.vocabulary])
    starts = range(0, max(1, len(tokens) - SHOWN), SHOWN)
    best = max(starts, key=lambda start: int(letters[tokens[start : start + SHOWN]].sum()))
    return tokens[best : best + SHOWN]


def model_pictures(model: GPT, tokenizer: CharTokenizer, text: str | None, folder: Path) -> list[Entry]:
    """The pictures of a trained model as it reads a text, or one that it makes up."""
    if text is None:
        text = sample(model, tokenizer, "", SHOWN, numpy.random.default_rng(0), temperature=0.8)
    tokens = tokenizer.encode(text[:SHOWN])
    return [
        neuron_picture(folder),
        block_picture(model, tokens, folder),
        attention_picture(model, tokenizer, tokens, folder),
    ]

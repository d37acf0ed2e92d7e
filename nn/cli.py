"""The command ``glassgrad``: demo, train, sample, chat, draw, fuzz."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

CHECKPOINT = "model.safetensors"
SMALL = 256  # up to this width a second thread costs more than it gains

EPILOG = """\
examples:
  glassgrad demo                                  learn digits and a text, draw both, write out/index.html
  glassgrad train --text book.txt                 learn your own text, write model.safetensors
  glassgrad sample model.safetensors -p "Once"    continue a prompt
  glassgrad chat                                  talk with SmolLM2, a published model
  glassgrad draw model.safetensors                draw the model, one attention pattern and its gradients
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    top = _Parser(
        prog="glassgrad",
        description="An automatic-differentiation engine made of glass.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=_version())
    commands = top.add_subparsers(dest="command", metavar="command", required=True)

    demo = commands.add_parser("demo", help="learn digits and a text, draw both; under two minutes")
    demo.add_argument("--out", type=Path, default=Path("out"), help="folder of the pictures (default: %(default)s)")
    demo.add_argument("--steps", type=int, default=None, help="steps of the language model")
    demo.add_argument("--seed", type=int, default=0)

    train = commands.add_parser("train", help="learn a text file, character by character")
    train.add_argument("--text", type=Path, required=True, metavar="FILE", help="UTF-8")
    train.add_argument("--out", type=Path, default=Path(CHECKPOINT), help="checkpoint to write (default: %(default)s)")
    train.add_argument("--force", action="store_true", help="replace a checkpoint that is there already")
    train.add_argument("--pictures", type=Path, metavar="FOLDER", help="write pictures and index.html there as well")
    train.add_argument(
        "--flow", type=Path, metavar="FOLDER", help="show and record the flow of gradients, layer by layer"
    )
    train.add_argument("--sample-every", type=int, default=100, metavar="STEPS", help="0: never (default: %(default)s)")
    for name, kind, text in _RECIPE:
        train.add_argument(f"--{name}", type=kind, default=argparse.SUPPRESS, help=text)

    sample = commands.add_parser("sample", help="write text with a trained model")
    _add_checkpoint(sample)
    sample.add_argument("-p", "--prompt", default="", help="the text to continue")
    sample.add_argument("--length", type=int, default=300, help="characters (default: %(default)s)")
    sample.add_argument("--temperature", type=float, default=0.8, help="0: always the likeliest (default: %(default)s)")
    sample.add_argument("--top-k", type=int, default=None, help="draw from the k likeliest only")
    sample.add_argument("--seed", type=int, default=0)

    chat = commands.add_parser("chat", help="talk with a published model: SmolLM2, or a Llama in a GGUF file")
    chat.add_argument("model", type=Path, nargs="?", metavar="FILE.gguf", help="a Llama (default: SmolLM2-135M)")
    chat.add_argument("-m", "--message", metavar="TEXT", help="answer this alone, then end")
    chat.add_argument("--system", metavar="TEXT", help="what the model is told before the conversation")
    chat.add_argument("--max-tokens", type=int, default=512, help="of an answer (default: %(default)s)")
    chat.add_argument("--temperature", type=float, default=0.2, help="0: always the likeliest (default: %(default)s)")
    chat.add_argument("--top-k", type=int, default=None, help="draw from the k likeliest only")
    chat.add_argument("--top-p", type=float, default=0.9, help="and from those with p together (default: %(default)s)")
    chat.add_argument("--seed", type=int, default=0)

    draw = commands.add_parser("draw", help="draw a trained model: its graph, an attention pattern, its gradients")
    _add_checkpoint(draw)
    draw.add_argument("--text", type=Path, metavar="FILE", help="UTF-8; the first characters are what the model reads")
    draw.add_argument("-p", "--prompt", default=None, help="what the model reads, instead of a file")
    draw.add_argument("--out", type=Path, default=Path("out"), help="folder of the pictures (default: %(default)s)")

    commands.add_parser("fuzz", help="check derivatives at generated inputs; see glassgrad fuzz --help", add_help=False)
    return top


_RECIPE: list[tuple[str, Any, str]] = [
    ("layers", int, "blocks of the transformer (default: 4)"),
    ("heads", int, "attention heads in a block (default: 4)"),
    ("width", int, "of the residual stream (default: 128)"),
    ("context", int, "characters that the model sees (default: 64)"),
    ("dropout", float, "(default: 0)"),
    ("batch", int, "windows in a step (default: 12)"),
    ("steps", int, "(default: 600)"),
    ("optimizer", str, "muon or adamw (default: muon)"),
    ("lr", float, "learning rate (default: 0.03 with muon, 0.003 with adamw)"),
    ("seed", int, "of the weights and of the order of the text (default: 0)"),
]


def _add_checkpoint(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "checkpoint", type=Path, nargs="?", default=Path(CHECKPOINT), help="from glassgrad train (default: %(default)s)"
    )


def _version() -> str:
    from autograd import __version__

    return f"glassgrad {__version__}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status.

    0 is success, 2 a mistake of the user (one line on standard error says what and what would work), 130 Ctrl-C.

    Examples
    --------
    >>> main(["sample", "no-such-file.safetensors"])  # and one line on standard error
    2
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] == ["fuzz"]:
        from autograd.testing.command import main as fuzz

        return fuzz(words[1:])
    given = parser().parse_args(words)  # wrong arguments, --help and --version load nothing more

    from nn.errors import UserError
    from nn.threads import one_thread

    try:
        large = given.command == "chat" or getattr(given, "width", 0) > SMALL
        with contextlib.nullcontext() if large else one_thread():
            return _COMMANDS[given.command](given)
    except UserError as error:
        print(f"glassgrad {given.command}: {_one_line(error)}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"glassgrad {given.command}: {place}{error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"glassgrad {given.command}: stopped", file=sys.stderr)
        return 130


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _demo(given: argparse.Namespace) -> int:
    from nn.demo import STEPS, run

    run(given.out, STEPS if given.steps is None else given.steps, given.seed, console())
    return 0


def _train(given: argparse.Namespace) -> int:
    from nn.data import read_text
    from nn.errors import DataError, need
    from nn.recipes import Recipe, TextTraining

    if given.sample_every < 0:
        raise DataError(f"--sample-every is 0 (never) or more, got {given.sample_every}")
    need("safetensors", "train", "writing a checkpoint")  # better now than after the training
    if given.pictures:
        need("matplotlib", "draw", "drawing pictures")
    settings = {name: getattr(given, name) for name, _, _ in _RECIPE if hasattr(given, name)}
    run = TextTraining(read_text(given.text), Recipe(**settings))
    _check_place(given.out, given.force)
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    screen = console()
    say = printer(screen)
    parameters = run.model.num_parameters()
    say(
        f"{given.text}: {len(run.learn.tokens) + len(run.validation.tokens):,} characters, {len(run.tokenizer)} "
        f"different; the model has {parameters:,} parameters"
    )
    hooks = [(given.sample_every, lambda step: say(f"step {step}: {example(run, 120)}"))] if given.sample_every else []
    with recording(run.model, given.flow, screen, say) as (recorder, watch):
        history = run.train(given.out, screen, [*hooks, *watch], recorder=recorder)
    if history.interrupted:
        say(f"stopped after {history.steps} steps; saved to {history.saved}")
        return 130
    say(f"validation loss {history.validation[-1][1]:.3f} nats per character; bigram model {run.baseline():.3f}")
    if given.pictures:
        from nn.gallery import training_pictures
        from nn.pictures import write_index

        say(f"pictures: {write_index(given.pictures, training_pictures(run, given.pictures))}")
    say(f"saved to {history.saved}")
    return 0


def _check_place(path: Path, force: bool) -> None:
    """Tell before a training what would keep its checkpoint from being written after it."""
    from nn.errors import CheckpointError

    folder = path.absolute().parent
    if path.is_dir():
        raise CheckpointError(f"{path}: is a folder; name a file in it")
    if path.exists() and not force:
        raise CheckpointError(f"{path}: is there already; name another with --out, or replace it with --force")
    if not folder.is_dir():
        raise CheckpointError(f"{path}: its folder does not exist; make it first")
    if not os.access(folder, os.W_OK):
        raise CheckpointError(f"{path}: its folder cannot be written to; name another place with --out")


def _sample(given: argparse.Namespace) -> int:
    import numpy as np

    from nn.checkpoint import load_gpt
    from nn.errors import DataError
    from nn.sample import probabilities, stream

    if given.length < 0:
        raise DataError(f"the length is 0 or more, got {given.length}")
    probabilities([0.0], given.temperature, given.top_k)  # wrong settings are told before the model is read
    model, tokenizer, _ = load_gpt(given.checkpoint)
    prompt = given.prompt or tokenizer.default_prompt
    tokens = tokenizer.encode(prompt)
    rng = np.random.default_rng(given.seed)
    sys.stdout.write(given.prompt)
    for token in stream(model, tokens, given.length, rng, given.temperature, given.top_k):
        sys.stdout.write(tokenizer.decode([token]))
        sys.stdout.flush()
    sys.stdout.write("\n")
    return 0


def _chat(given: argparse.Namespace) -> int:
    from nn.chat import run

    return run(given)


def _draw(given: argparse.Namespace) -> int:
    from nn.checkpoint import load_gpt
    from nn.data import read_text
    from nn.errors import DataError
    from nn.gallery import model_pictures
    from nn.pictures import write_index

    model, tokenizer, _ = load_gpt(given.checkpoint)
    text = given.prompt if given.prompt is not None else read_text(given.text) if given.text else None
    if text is not None and len(text) < 2:
        raise DataError(f"a picture needs a text of at least 2 characters, got {len(text)}")
    print(write_index(given.out, model_pictures(model, tokenizer, text, given.out)))
    return 0


def console() -> Any:
    """The screen, as rich sees it."""
    from nn.errors import need

    return need("rich.console", "train", "the progress bar").Console(highlight=False)


def printer(screen: Any) -> Any:
    """A function that prints text as it is, above a progress bar."""

    def say(text: str = "") -> None:
        screen.print(text, markup=False, soft_wrap=True)

    return say


@contextlib.contextmanager
def recording(model: Any, folder: Path | None, screen: Any, say: Any) -> Iterator[tuple[Any, Any]]:
    """A recorder of the flow and hooks that print it where no live view can be; its page is written at the end."""
    if folder is None:
        yield None, []
        return
    from nn.flows import FlowRecorder

    recorder = FlowRecorder(model, every=10, folder=folder)
    try:
        yield recorder, [] if screen.is_terminal else [(10 * recorder.every, lambda step: say(recorder.line))]
    finally:  # also of a training that went astray: that is when it is wanted
        if recorder.rows:
            say(f"flow: {recorder.save(folder / 'flow.html')}")


def example(run: Any, length: int, prompt: str = "", temperature: float = 0.8) -> str:
    """What a model in training says now, on one line."""
    import numpy as np

    from nn.sample import sample

    text = sample(run.model, run.tokenizer, prompt, length, np.random.default_rng(run.recipe.seed), temperature)
    return " ".join((prompt + text).split())


_COMMANDS = {"demo": _demo, "train": _train, "sample": _sample, "chat": _chat, "draw": _draw}

"""The command: it does the whole job on a user's text, and says every mistake in one line."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nn import demo
from nn.checkpoint import load_gpt
from nn.cli import main

ROOT = Path(__file__).resolve().parents[2]
TEXT = "The cat sat on the mat, and the dog sat on the cat.\n" * 20
SHAPE = ["--layers", "1", "--heads", "2", "--width", "16", "--context", "8", "--batch", "4"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    (folder / "book.txt").write_text(TEXT)
    path = folder / "model.safetensors"
    assert main(["train", "--text", str(folder / "book.txt"), "--out", str(path), "--steps", "12", *SHAPE]) == 0
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text(TEXT)
    return tmp_path


def mistake(capsys, *arguments):
    """The one line that a wrong command prints; nothing else is printed, and the status is 2."""
    try:
        status = main(list(arguments))
    except SystemExit as exit:
        status = exit.code
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1, err
    assert err.startswith("glassgrad")
    return err


# ---------------------------------------------------------------------- the job
def test_train_writes_a_checkpoint_and_says_what_it_reached(here, capsys):
    status = main(
        ["train", "--text", "book.txt", "--steps", "6", "--sample-every", "3", "--optimizer", "adamw", *SHAPE]
    )
    out = capsys.readouterr().out
    assert status == 0
    assert re.search(r"book\.txt: 1,040 characters, \d+ different; the model has [\d,]+ parameters", out)
    assert len(re.findall(r"^step \d+: .", out, re.MULTILINE)) == 2
    assert re.search(r"validation loss \d\.\d{3} nats per character; bigram model \d\.\d{3}", out)
    assert out.splitlines()[-1] == "saved to model.safetensors"
    model, tokenizer, notes = load_gpt("model.safetensors")
    assert (model.config.width, notes["steps"]) == (16, 6)
    assert tokenizer.vocabulary == "".join(sorted(set(TEXT)))


def test_sample_continues_the_prompt_and_repeats_with_the_seed(trained, capsys):
    def text(*options):
        assert main(["sample", str(trained), "-p", "The cat", "--length", "20", *options]) == 0
        return capsys.readouterr().out

    first = text()
    assert first.startswith("The cat")
    assert len(first) == len("The cat") + 20 + 1
    assert text() == first
    assert text("--seed", "1") != first
    assert text("--temperature", "0") == text("--temperature", "0", "--seed", "1") == text("--top-k", "1")


def test_draw_writes_one_page(trained, here, capsys):
    pytest.importorskip("matplotlib")
    assert main(["draw", str(trained), "--text", "book.txt", "--out", "pictures"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == str(Path("pictures/index.html"))
    page = Path("pictures/index.html").read_text()
    for title in ("One neuron", "One transformer block", "Attention pattern of layer 1, head"):
        assert title in page


def test_train_draws_too(here, capsys):
    pytest.importorskip("matplotlib")
    assert main(["train", "--text", "book.txt", "--steps", "3", "--pictures", "seen", *SHAPE]) == 0
    assert "pictures: " + str(Path("seen/index.html")) in capsys.readouterr().out
    assert "Gradient size per layer" in Path("seen/index.html").read_text()


def test_python_m_nn_and_version():
    found = subprocess.run(
        [sys.executable, "-m", "nn", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"glassgrad \d+\.\d+\.\d+\n", found.stdout)


def test_help_does_not_load_the_training(capsys):
    code = "import sys; from nn.cli import parser; parser().format_help(); print('rich' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


# ---------------------------------------------------------------------- mistakes
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "command"),
        (["fly"], "fly"),
        (["train"], "--text"),
        (["train", "--text", "book.txt", "--steps", "many"], "many"),
        (["train", "--text", "book.txt", "--steps", "0"], "steps must be at least 1"),
        (["train", "--text", "book.txt", "--width", "10", "--heads", "4"], "multiple of the heads"),
        (["train", "--text", "book.txt", "--optimizer", "lion"], "'muon' or 'adamw'"),
        (["train", "--text", "book.txt", "--sample-every", "-1"], "sample-every"),
        (["train", "--text", "book.txt", "--out", "no/model"], "folder does not exist"),
        (["train", "--text", "book.txt", "--out", "."], "is a folder"),
        (["train", "--text", "nothing.txt"], "nothing.txt: there is no such file"),
        (["train", "--text", "."], "folder"),
        (["train", "--text", "empty.txt"], "empty.txt: the file is empty"),
        (["train", "--text", "latin.txt"], "latin.txt: not UTF-8: byte 0xe9 at position 3"),
        (["train", "--text", "short.txt"], "the text has 20 characters; with a context of 64"),
        (["sample"], "model.safetensors: there is no such checkpoint"),
        (["sample", "book.txt"], "not a safetensors file"),
        (["sample", "empty.txt"], "empty"),
        (["draw", "book.txt"], "not a safetensors file"),
    ],
)
def test_every_mistake_is_one_line(arguments, words, here, capsys):
    (here / "empty.txt").write_bytes(b"")
    (here / "latin.txt").write_bytes(b"caf\xe9")
    (here / "short.txt").write_text("twenty characters...")
    before = sorted(here.iterdir())
    assert words in mistake(capsys, *arguments)
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sample", "-p", "naïve"], "'ï' at position 2"),
        (["sample", "--temperature", "-1"], "temperature"),
        (["sample", "--top-k", "0"], "top_k"),
        (["sample", "--length", "-1"], "length"),
        (["draw", "-p", "a"], "at least 2 characters"),
    ],
)
def test_mistakes_with_a_trained_model(arguments, words, trained, here, capsys):
    command, *options = arguments
    assert words in mistake(capsys, command, str(trained), *options)


def test_a_checkpoint_cut_short_is_told(trained, here, capsys):
    (here / "short.safetensors").write_bytes(trained.read_bytes()[:-5])
    assert "short.safetensors: cut short" in mistake(capsys, "sample", "short.safetensors")


def test_training_does_not_replace_a_checkpoint_unasked(trained, here, capsys):
    kept = here / "model.safetensors"
    kept.write_bytes(trained.read_bytes())
    command = ["train", "--text", "book.txt", "--steps", "2", *SHAPE]
    assert "is there already" in mistake(capsys, *command)
    assert kept.read_bytes() == trained.read_bytes()
    assert main([*command, "--force"]) == 0
    assert load_gpt(kept)[2]["steps"] == 2


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        ("rich.console", ["train", "--text", "book.txt"], "rich"),
        ("safetensors", ["train", "--text", "book.txt"], "safetensors"),
        ("safetensors", ["sample"], "safetensors"),
        ("matplotlib", ["train", "--text", "book.txt", "--pictures", "out"], "matplotlib"),
        ("sklearn.datasets", ["demo"], "scikit-learn"),
    ],
)
def test_a_missing_extra_is_named(module, arguments, extra, here, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    try:
        status = main(arguments)
    except SystemExit as exit:
        status = exit.code
    err = capsys.readouterr().err
    assert status == 2
    assert err.count("\n") == 1
    assert re.search(rf'{extra}.*pip install "glassgrad\[(train|draw)\]"', err)
    assert os.listdir(here) == ["book.txt"]


@pytest.mark.parametrize("command", [["draw"], ["demo"], ["train", "--text", "book.txt"]])
def test_a_file_in_the_place_of_the_pictures_folder_is_told_at_once(command, trained, here, capsys):
    pytest.importorskip("matplotlib")
    given = {"draw": [str(trained), "--out"], "demo": ["--out"], "train": [*SHAPE, "--pictures"]}[command[0]]
    assert "book.txt: File exists" in mistake(capsys, *command, *given, "book.txt")


def test_a_reader_who_has_seen_enough_is_no_mistake(trained):
    command = [sys.executable, "-m", "nn", "sample", str(trained), "--length", "400"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.read(1)
    running.stdout.close()
    assert running.wait(timeout=60) == 0
    assert running.stderr.read() == b""
    running.stderr.close()


# ---------------------------------------------------------------------- Ctrl-C
def test_ctrl_c_outside_of_training_is_one_line(trained, capsys, monkeypatch):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.checkpoint.load_gpt", stop)
    assert main(["sample", str(trained)]) == 130
    assert capsys.readouterr().err == "glassgrad sample: stopped\n"


def test_ctrl_c_saves_a_checkpoint_and_says_where(here):
    command = [sys.executable, "-m", "nn", "train", "--text", "book.txt", "--steps", "1000000", "--sample-every", "5"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with open(here / "log", "w") as log:
        running = subprocess.Popen([*command, *SHAPE], stdout=log, stderr=subprocess.STDOUT, cwd=here, env=environment)
        try:
            deadline = time.monotonic() + 60
            while "step 5:" not in (here / "log").read_text() and time.monotonic() < deadline:
                assert running.poll() is None, (here / "log").read_text()
                time.sleep(0.05)
            running.send_signal(signal.SIGINT)
            status = running.wait(timeout=60)
        finally:
            running.kill()
    text = (here / "log").read_text()
    assert status == 130, text
    found = re.search(r"stopped after (\d+) steps; saved to model\.safetensors", text)
    assert found, text
    assert "Traceback" not in text
    _, _, notes = load_gpt(here / "model.safetensors")
    assert notes["steps"] == int(found[1]) >= 5


# ---------------------------------------------------------------------- the demo
def test_the_demo_does_all_parts(here, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(demo, "DIGIT_EPOCHS", 1)
    monkeypatch.setattr(demo, "topics", lambda: TEXT)
    monkeypatch.setattr(demo, "EVERY", 2)
    assert main(["demo", "--steps", "4", "--out", "pictures"]) == 0
    out = capsys.readouterr().out
    assert "bigram model" in out
    assert len(re.findall(r"^ +step \d+: ", out, re.MULTILINE)) == 2
    figures = re.findall(r"target at (?:least|most) +(\S+).* reached +(\S+)", out)
    assert len(figures) >= 3
    assert out.splitlines()[-1] == str((here / "pictures" / "index.html").resolve())
    page = (here / "pictures" / "index.html").read_text()
    for title in ("One neuron", "One transformer block", "Attention pattern", "Gradient size per layer"):
        assert title in page


def test_the_demo_learns_the_digits():
    accuracies = [demo.digit_accuracy(seed) for seed in range(3)]
    print(accuracies)
    assert np.mean(accuracies) >= 0.96


def test_figures_know_their_side():
    assert demo.Figure("a", 1.0, 1.0, True, "{}").met
    assert not demo.Figure("a", 1.0, 0.9, True, "{}").met
    assert not demo.Figure("a", 1.0, 1.1, False, "{}").met
    assert "MISSED" in demo.Figure("a", 1.0, 1.1, False, "{}").line()

"""Checkpoints: what was saved comes back, what is broken is said, and nothing on disk is lost."""

import json
import os
import struct
import sys

import numpy as np
import pytest

from nn import checkpoint
from nn.checkpoint import load_gpt, load_weights, read, save_gpt, write
from nn.errors import CheckpointError, MissingExtra
from nn.models.gpt import GPT, Config
from nn.tokenizers import CharTokenizer

LETTERS = "abc é\n😀"


def make(seed=0, **shape):
    config = Config(**{"vocab_size": len(LETTERS), "context": 8, "layers": 1, "heads": 2, "width": 8, **shape})
    return GPT(config, rng=np.random.default_rng(seed)), CharTokenizer(LETTERS)


@pytest.fixture
def saved(tmp_path):
    model, tokenizer = make()
    return save_gpt(tmp_path / "model.safetensors", model, tokenizer, steps=7, loss=1.5), model


def test_a_model_comes_back_with_tokenizer_and_notes(saved):
    path, model = saved
    again, tokenizer, notes = load_gpt(path)
    assert again.config == model.config
    assert tokenizer.vocabulary == CharTokenizer(LETTERS).vocabulary
    assert notes == {"steps": 7, "loss": 1.5}
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(again.state_dict()[name], array)
    tokens = tokenizer.encode("abc é")[None]
    np.testing.assert_array_equal(again(tokens).data, model(tokens).data)
    assert again.lm_head.weight is again.transformer.wte.weight


def test_the_file_is_plain_safetensors(saved):
    numpy_format = pytest.importorskip("safetensors.numpy")
    path, model = saved
    arrays = numpy_format.load_file(path)
    assert {k: a.shape for k, a in arrays.items()} == {k: a.shape for k, a in model.state_dict().items()}


def test_arrays_of_every_layout_come_back(tmp_path, rng):
    base = rng.normal(size=(4, 6))
    arrays = {
        "transposed": base.T,
        "strided": base[::2, ::3],
        "scalar": np.array(2.5, np.float32),
        "empty": np.zeros((0, 3)),
        "integers": np.arange(3),
        "booleans": np.array([True, False]),
        "half": np.ones(2, np.float16),
    }
    found = read(write(tmp_path / "a.safetensors", arrays, {"note": "ü"}))
    assert found.metadata == {"note": "ü"}
    for name, array in arrays.items():
        assert found.arrays[name].dtype == array.dtype
        assert found.arrays[name].shape == array.shape
        np.testing.assert_array_equal(found.arrays[name], array)


# ---------------------------------------------------------------------- broken files
def test_a_file_cut_short_anywhere_is_refused(saved, tmp_path):
    path, _ = saved
    raw = path.read_bytes()
    header = 8 + struct.unpack("<Q", raw[:8])[0]
    for size in (header + 1, len(raw) // 2, len(raw) - 1):
        short = tmp_path / "short.safetensors"
        short.write_bytes(raw[:size])
        with pytest.raises(CheckpointError, match="short.safetensors: cut short: its tensors need"):
            load_gpt(short)
    for size in (9, 100, header - 1):
        short.write_bytes(raw[:size])
        with pytest.raises(CheckpointError, match="cut short: the header"):
            load_gpt(short)
    for size in (0, 1, 7, 8):
        short.write_bytes(raw[:size])
        with pytest.raises(CheckpointError, match="empty|not a safetensors file"):
            load_gpt(short)


@pytest.mark.parametrize(
    "content",
    [b"hello, world, this is text", b"\x80\x04\x95pickle of something", b"PK\x03\x04" + b"\0" * 60, b"\xff" * 64],
)
def test_what_is_not_safetensors_is_refused(content, tmp_path):
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"other\.bin: not a safetensors file"):
        load_gpt(path)


def test_a_damaged_header_is_refused(tmp_path):
    path = tmp_path / "bad.safetensors"
    for header in (
        b"{ this is no json ",
        b'{"a": 1}',
        b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 3]}}',
    ):
        path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 64)
        with pytest.raises(CheckpointError, match=r"bad\.safetensors"):
            read(path)


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        load_gpt(tmp_path / "nothing")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_gpt(tmp_path)


# ---------------------------------------------------------------------- files that do not fit
def test_another_shape_is_refused_and_changes_nothing(tmp_path):
    small, tokenizer = make()
    path = save_gpt(tmp_path / "small.safetensors", small, tokenizer)
    large, _ = make(width=16)
    before = large.state_dict()
    with pytest.raises(
        CheckpointError, match=r"wte.weight has shape \(7, 8\), the model needs \(7, 16\) \(and \d+ more"
    ):
        load_weights(large, read(path))
    for name, array in large.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_missing_and_unknown_names_are_told(tmp_path):
    model, _ = make()
    arrays = model.state_dict()
    arrays["transformer.extra"] = np.zeros(3)
    with pytest.raises(CheckpointError, match="transformer.extra is not in the model"):
        load_weights(model, read(write(tmp_path / "a", arrays)))
    del arrays["transformer.extra"], arrays["transformer.ln_f.weight"]
    with pytest.raises(CheckpointError, match="transformer.ln_f.weight is missing"):
        load_weights(model, read(write(tmp_path / "b", arrays)))


def test_another_programs_file_is_refused(tmp_path):
    path = write(tmp_path / "theirs.safetensors", {"weight": np.zeros(3)}, {"format": "pt"})
    with pytest.raises(CheckpointError, match="not one that glassgrad train wrote"):
        load_gpt(path)


@pytest.mark.parametrize(
    "change",
    [
        {"config": "{"},
        {"config": "[]"},
        {"config": '{"vocab_size": 7, "colour": 3}'},
        {"config": '{"vocab_size": 7, "context": 8, "layers": 1, "heads": 3, "width": 8}'},
        {"config": '{"vocab_size": 7, "context": 8, "layers": 1000000000, "heads": 2, "width": 8}'},
        {"config": '{"vocab_size": 7, "context": 8, "layers": "1", "heads": 2, "width": 8}'},
        {"vocabulary": '"ab"'},
        {"vocabulary": "3"},
        {"notes": "3"},
    ],
)
def test_a_damaged_configuration_is_refused(change, saved, tmp_path):
    path, model = saved
    metadata = {**read(path).metadata, **change}
    other = write(tmp_path / "other.safetensors", model.state_dict(), metadata)
    with pytest.raises(CheckpointError, match=r"other\.safetensors: its configuration"):
        load_gpt(other)


def test_a_missing_configuration_is_refused(saved, tmp_path):
    path, model = saved
    metadata = {k: v for k, v in read(path).metadata.items() if k != "config"}
    with pytest.raises(CheckpointError, match="config"):
        load_gpt(write(tmp_path / "other.safetensors", model.state_dict(), metadata))


# ---------------------------------------------------------------------- nothing on disk is lost
def test_saving_replaces_the_old_file_and_leaves_nothing_beside_it(saved):
    path, _ = saved
    model, tokenizer = make(seed=1)
    save_gpt(path, model, tokenizer)
    assert os.listdir(path.parent) == [path.name]
    np.testing.assert_array_equal(
        load_gpt(path)[0].state_dict()["lm_head.weight"], model.state_dict()["lm_head.weight"]
    )


@pytest.mark.parametrize("broken", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_the_old_checkpoint_survives_a_failed_write(saved, monkeypatch, broken, error):
    path, _ = saved
    before = path.read_bytes()

    def fail(*args):
        raise error

    monkeypatch.setattr(checkpoint.os, broken, fail)
    with pytest.raises(CheckpointError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        save_gpt(path, *make(seed=1))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]
    if isinstance(error, OSError):
        assert "No space left on device" in str(caught.value)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be written: No such file"):
        write(tmp_path / "no" / "a.safetensors", {"a": np.zeros(1)})


def test_without_safetensors_the_extra_is_named(saved, monkeypatch):
    path, model = saved
    before = path.read_bytes()
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for action in (lambda: load_gpt(path), lambda: save_gpt(path, *make(seed=1))):
        with pytest.raises(MissingExtra, match=r"safetensors.*glassgrad\[train\]"):
            action()
    assert path.read_bytes() == before


def raw(path, kind, data, shape):
    """A safetensors file with one tensor of a dtype that NumPy may not have."""
    header = json.dumps({"a": {"dtype": kind, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)
    return path


def test_bfloat16_comes_as_float32(tmp_path):
    data = np.array([0x3FC0, 0xC000, 0x7F80, 0x0001], "<u2").tobytes()
    found = read(raw(tmp_path / "x.safetensors", "BF16", data, [2, 2])).arrays["a"]
    assert found.dtype == np.float32
    assert found.tolist() == [[1.5, -2.0], [np.inf, 2.0**-133]]


@pytest.mark.parametrize(
    "kind, told", [("F8_E4M3", "a dtype that NumPy does not have"), ("Q9", "damaged|not a safetensors")]
)
def test_dtypes_that_cannot_be_read(kind, told, tmp_path):
    if kind == "F8_E4M3" and "ml_dtypes" in sys.modules:  # JAX brings it
        pytest.skip("ml_dtypes is loaded, which teaches NumPy this dtype")
    with pytest.raises(CheckpointError, match=told):
        read(raw(tmp_path / "x.safetensors", kind, b"ab", [2]))

"""Reading GGUF files: their numbers, and one clear error for each way in which a file can be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nn.errors import CheckpointError

pytest.importorskip("gguf", reason="reads and writes GGUF files: pip install glassgrad[llm]")
from nn.gguf import GGUF
from nn.models.llama import Llama
from tests.nn import tiny


@pytest.fixture
def path(tmp_path: Path, rng: np.random.Generator) -> Path:
    return tiny.write_gguf(tmp_path / "tiny.gguf", Llama(tiny.config(layers=1), rng=rng))


def test_numbers_and_metadata(tmp_path: Path, rng: np.random.Generator) -> None:
    model = Llama(tiny.config(), rng=rng)
    file = GGUF(tiny.write_gguf(tmp_path / "tiny.gguf", model))
    written = tiny.gguf_tensors(model)
    assert file.keys() == written.keys() and len(file) == 2 + 9 * 2
    for name, array in written.items():
        np.testing.assert_array_equal(file[name], array, err_msg=name)
    assert (file.setting("llama.block_count"), file.setting("nobody", 7)) == (2, 7)


@pytest.mark.parametrize("kind, steps", [("F16", 2**11), ("Q8_0", 2 * 127), ("Q4_1", 15)])
def test_few_bits_are_within_half_a_step(kind: str, steps: int, tmp_path: Path, rng: np.random.Generator) -> None:
    model = Llama(tiny.config(), rng=rng)
    file = GGUF(tiny.write_gguf(tmp_path / "tiny.gguf", model, kind))
    for name, array in tiny.gguf_tensors(model).items():
        assert file[name].dtype == np.float32
        blocks, found = array.reshape(-1, 32), file[name].reshape(-1, 32)
        spread = np.ptp(blocks, axis=1) if kind == "Q4_1" else 2 * np.abs(blocks).max(axis=1)
        assert (np.abs(blocks - found).max(axis=1) <= 0.52 * spread / steps + 1e-4).all(), name


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no such file"):
        GGUF(tmp_path / "none.gguf")
    with pytest.raises(CheckpointError, match="cannot be read"):
        GGUF(tmp_path)


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04" + b"\0" * 100])
def test_not_a_gguf_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(CheckpointError, match="not a GGUF file: it starts with"):
        GGUF(tmp_path / "x.gguf")


def test_cut_short_anywhere(path: Path) -> None:
    whole = path.read_bytes()
    for length in [*range(4, 64), *range(64, len(whole), len(whole) // 60), len(whole) - 33]:
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"tiny\.gguf: .*cut short"):
            GGUF(path)


def test_unknown_type_of_tensor(path: Path) -> None:
    whole, name = path.read_bytes(), b"blk.0.attn_q.weight"
    place = whole.index(name) + len(name) + 4 + 2 * 8  # after the number of axes and the axes
    path.write_bytes(whole[:place] + (250).to_bytes(4, "little") + whole[place + 4 :])
    with pytest.raises(CheckpointError, match="of an unknown type.*250"):
        GGUF(path)


def test_type_that_cannot_be_read(path: Path) -> None:
    whole, name = path.read_bytes(), b"blk.0.attn_q.weight"
    place = whole.index(name) + len(name) + 4 + 2 * 8
    path.write_bytes(whole[:place] + (26).to_bytes(4, "little") + whole[place + 4 :])  # I32
    with pytest.raises(CheckpointError, match=r"blk\.0\.attn_q\.weight is of type I32, which"):
        GGUF(path)["blk.0.attn_q.weight"]


def test_setting_that_is_not_there(path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"its metadata has no 'llama\.age'"):
        GGUF(path).setting("llama.age")

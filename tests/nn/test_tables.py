"""IDX and CSV files: what is in them comes out, and what is wrong with them is said with its place."""

import gzip
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import read_csv, read_idx
from nn.errors import DataError


def idx(array, code):
    head = bytes([0, 0, code, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


# ---------------------------------------------------------------------- IDX
@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_idx_file_comes_back(dtype, pack, rng, tmp_path):
    array = (rng.standard_normal((2, 3, 4)) * 50).astype(dtype)
    path = tmp_path / "file"
    path.write_bytes(pack(idx(array, CODES[dtype])))
    back = read_idx(path)
    assert back.dtype == np.dtype(dtype)
    assert back.dtype.isnative
    assert back.flags.writeable
    np.testing.assert_array_equal(back, array)


def test_an_idx_file_without_axes_or_elements(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(idx(np.array(7, np.int32), 0x0C))
    assert read_idx(path) == 7
    path.write_bytes(idx(np.zeros((3, 0), np.uint8), 0x08))
    assert read_idx(path).shape == (3, 0)


WHOLE = idx(np.arange(12, dtype=np.int16).reshape(3, 4), 0x0B)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not an IDX file: it begins with nothing"),
        (b"\x00\x00\x08", "not an IDX file"),
        (b"PNG and so on", "not an IDX file: it begins with 50 4e 47 20"),
        (b"\x00\x00\x07\x01\x00\x00\x00\x00", "not an IDX file"),
        (WHOLE[:9], "cut short: the head of an IDX file with 2 axes has 12 bytes, this 9"),
        (WHOLE[:-1], r"cut short: shape \(3, 4\) of int16 needs 36 bytes, the file has 35"),
        (WHOLE + b"\0", "too long"),
        (b"\x00\x00\x08\x03" + b"\xff" * 12, "cut short"),
        (gzip.compress(WHOLE, mtime=0)[:-12], "damaged or cut short"),
        (gzip.compress(WHOLE, mtime=0)[:-8] + bytes(8), "damaged or cut short"),
        (b"\x1f\x8b" + b"junk" * 9, "damaged or cut short"),
    ],
)
def test_what_is_wrong_with_an_idx_file_is_said(content, words, tmp_path):
    path = tmp_path / "images-idx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        read_idx(path)
    assert "images-idx" in str(caught.value)


def test_no_idx_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_idx(tmp_path / "nothing")


# ---------------------------------------------------------------------- CSV
def table(tmp_path, text, **options):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return read_csv(path, **options)


def test_numbers_and_classes_by_name(tmp_path):
    flowers = table(tmp_path, 'length, width ,"kind"\n5.1, 3.5,setosa\n\n-6e-1,2,virginica\r\n7,1,setosa\n')
    assert flowers.names == ("length", "width", "kind")
    assert len(flowers) == 3
    numbers = flowers.numbers("width", "length")
    assert numbers.dtype == np.float32
    np.testing.assert_array_equal(numbers, np.float32([[3.5, 5.1], [2, -0.6], [1, 7]]))
    kinds, names = flowers.classes("kind")
    assert (kinds.tolist(), kinds.dtype, names) == ([0, 1, 0], np.int64, ["setosa", "virginica"])


def test_a_table_without_names_and_with_another_delimiter(tmp_path):
    assert table(tmp_path, "1;2\n3;4", header=False, delimiter=";").numbers().tolist() == [[1, 2], [3, 4]]
    assert table(tmp_path, "1,2\n   \n3,4\n\n", header=False).lines == [1, 3]
    assert table(tmp_path, "1\t2\n3\t4\n", header=False, delimiter="\t").numbers("1").tolist() == [[2], [4]]


def test_quoted_cells_may_hold_anything(tmp_path):
    rows = table(tmp_path, 'text,n\n"a, ""b""\nc",1\nd,x\n')
    assert rows.rows[0] == ['a, "b"\nc', "1"]
    with pytest.raises(DataError, match="line 4, column 'n'"):  # the line of the file, not the row of the table
        rows.numbers("n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n3\n", "line 3: 1 cells, but the first row has 2"),
        ("a,b\n1,2,3\n", "line 2: 3 cells"),
        ("a,a\n1,2\n", "line 1: two columns are called 'a'"),
        ("a,b\n", "no rows"),
        ("\n\n", "no rows"),
        ("", "empty"),
        ('a,b\n"1,2\n', "line 2"),
        ('a,b\n"1"x,2\n', "line 2"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(text, words, tmp_path):
    with pytest.raises(DataError, match=words) as caught:
        table(tmp_path, text)
    assert "table.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("seven", "'seven' is not a number"),
        ("1,5", "3 cells"),
        ("", "the cell is empty"),
        ("  ", "the cell is empty"),
        ("nan", "'nan' is not a finite"),
        ("inf", "'inf' is not a finite"),
        ("1e39", "'1e39' is not a finite float32"),
        ("1e999", "'1e999' is not a finite"),
    ],
)
def test_a_cell_that_is_no_number_is_named_with_its_line(cell, words, tmp_path):
    with pytest.raises(DataError, match=f"line 3.*{words}"):
        table(tmp_path, f"a,b\n1,2\n3,{cell}\n").numbers()


def test_classes_are_not_empty_and_columns_are_there(tmp_path):
    rows = table(tmp_path, "a,b\n1,x\n2, \n")
    with pytest.raises(DataError, match="line 3: column 'b' is empty"):
        rows.classes("b")
    with pytest.raises(DataError, match="no column 'c'; there are a, b"):
        rows.numbers("a", "c")
    assert rows.numbers("a").tolist() == [[1], [2]]


@pytest.mark.parametrize("delimiter", ["", ", ", '"', "\n", " "])
def test_a_delimiter_is_one_character(delimiter, tmp_path):
    with pytest.raises(DataError, match="one character"):
        table(tmp_path, "a,b\n1,2\n", delimiter=delimiter)


def test_two_byte_text_is_noticed(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes("a\n1\n".encode("utf-16-le"))
    with pytest.raises(DataError, match="line 1: a zero byte"):
        read_csv(path)


# ---------------------------------------------------------------------- anything at all
@given(st.binary(max_size=40) | st.binary(max_size=12).map(lambda tail: WHOLE[:12] + tail))
def test_any_bytes_are_an_array_or_an_error(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        try:
            array = read_idx(path)
        except DataError:
            return
        assert idx(array, CODES[array.dtype.name]) == content


@given(st.text(alphabet='ab1.e-,"\n\r \t', max_size=30))
def test_any_text_is_a_table_or_an_error(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_text(content, newline="")
        try:
            rows = read_csv(path, header=False)
            numbers = rows.numbers()
        except DataError as error:
            assert "file" in str(error)
            return
        assert numbers.tolist() == [[float(np.float32(float(cell))) for cell in row] for row in rows.rows]

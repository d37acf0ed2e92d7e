"""Tables in CSV files: columns of numbers, and columns of classes."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nn.errors import DataError
from nn.files import read_text


@dataclasses.dataclass(frozen=True)
class Table:
    """The cells of a table as they are written; `read_csv` makes it.

    Attributes
    ----------
    path : Path
    names : tuple of str
        Of the columns.
    rows : list of list of str
        As many cells each as there are names.
    lines : list of int
        For every row, the line of the file where it ends.
    """

    path: Path
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.rows)

    def numbers(self, *columns: str) -> NDArray[np.float32]:
        """Columns of numbers, all of them where none is named: shape (rows, columns), float32.

        Raises
        ------
        DataError
            If there is no such column, or a cell is empty, no number, or not finite; the message gives its line.
        """
        places = [self._place(name) for name in columns or self.names]
        cells = [[row[i] for i in places] for row in self.rows]
        try:
            values = np.array(cells, dtype=np.float64)
        except ValueError:
            values = None
        with np.errstate(over="ignore"):
            small = None if values is None else values.astype(np.float32)
        if small is None or not np.isfinite(small).all():
            raise self._fault(places)
        return small

    def classes(self, column: str) -> tuple[NDArray[np.int64], list[str]]:
        """A column of classes: the number of each row's, shape (rows,), int64, and their names in order.

        Raises
        ------
        DataError
            If there is no such column, or a cell is empty; the message gives its line.
        """
        place = self._place(column)
        cells = [row[place].strip() for row in self.rows]
        if "" in cells:
            raise DataError(f"{self.path}, line {self.lines[cells.index('')]}: column {column!r} is empty")
        names, numbers = np.unique(cells, return_inverse=True)
        return numbers.astype(np.int64), names.tolist()

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise DataError(f"{self.path}: there is no column {name!r}; there are {', '.join(self.names)}")
        return self.names.index(name)

    def _fault(self, places: list[int]) -> DataError:
        """The first cell that is no finite float32."""
        for row, line in zip(self.rows, self.lines, strict=True):
            for i in places:
                where = f"{self.path}, line {line}, column {self.names[i]!r}"
                try:
                    number = float(row[i])
                except ValueError:
                    what = f"{row[i]!r} is not a number" if row[i].strip() else "the cell is empty"
                    return DataError(f"{where}: {what}; mend or drop the row, or take the column with classes()")
                if not abs(number) <= float(np.finfo(np.float32).max):
                    return DataError(f"{where}: {row[i]!r} is not a finite float32; mend or drop the row")
        return DataError(f"{self.path}: has a number that cannot be read")


def read_csv(path: str | Path, *, delimiter: str = ",", header: bool = True) -> Table:
    """Read a table from a UTF-8 file of comma-separated values; empty lines are left out.

    Parameters
    ----------
    path : str or Path
    delimiter : str
        What stands between two cells, one character.
    header : bool
        Whether the first row has the columns' names; without it they are "0", "1", and so on.

    Raises
    ------
    DataError
        If the file cannot be read, has no rows, two columns of one name, a row with more or fewer cells than the first
        one, or quotes that do not close; the message gives the line.

    References
    ----------
    RFC 4180, "Common Format and MIME Type for Comma-Separated Values (CSV) Files".

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "flowers.csv"
    ...     _ = path.write_text("length,width,kind\\n5.1,3.5,setosa\\n6.2,2.9,virginica\\n")
    ...     table = read_csv(path)
    >>> table.numbers("length", "width")
    array([[5.1, 3.5],
           [6.2, 2.9]], dtype=float32)
    >>> table.classes("kind")
    (array([0, 1]), ['setosa', 'virginica'])
    """
    path = Path(path)
    if len(delimiter) != 1 or delimiter in ' "\r\n\0':
        raise DataError(f"the delimiter is one character, not a space, a quote or a line's end, got {delimiter!r}")
    text = read_text(path)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}, line {line}: a zero byte: not a text in UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if any(row) or len(row) > 1:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from error
    if len(rows) <= header:
        raise DataError(f"{path}: the table has no rows")
    names = [name.strip() for name in rows[0]] if header else [str(i) for i in range(len(rows[0]))]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}, line {lines[0]}: two columns are called {twice!r}; without names say header=False")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise DataError(f"{path}, line {line}: {len(row)} cells, but the first row has {len(names)}")
    return Table(path, tuple(names), rows[header:], lines[header:])

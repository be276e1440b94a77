# SPDX-License-Identifier: LGPL-2.1-only
"""The records of one event of a file as a stream of columns."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import _arrow
from ._arrow import ArrowArray, ArrowArrayStream, ArrowSchema
from ._columns import Batch, Column, Schema, empty_array, make_options
from ._errors import Error
from ._lib import check, lib
from ._reader import Reader

if TYPE_CHECKING:
    import numpy


class _Stream:
    """An open struct ArrowArrayStream."""

    def __init__(self, struct: ArrowArrayStream, path: str) -> None:
        self.struct = struct
        self._path = path
        weakref.finalize(self, _arrow.release, struct).atexit = False

    def get_schema(self, ret: ArrowSchema) -> None:
        self._check(self.struct.get_schema(ctypes.addressof(self.struct), ret))

    def next(self) -> ArrowArray | None:
        array = ArrowArray()
        self._check(self.struct.get_next(ctypes.addressof(self.struct), array))
        return array if array.release else None

    def _check(self, result: int) -> None:
        if result:
            text = self.struct.get_last_error(ctypes.addressof(self.struct))
            if text:
                raise Error(result, text.decode("utf-8", "replace"), self._path)
            check(-result, self._path)


class Columns:
    """The records of one event of a file as columns.

    It has the interface __arrow_c_stream__, which pyarrow, polars, pandas, DuckDB and
    others read. Iterating over it reads the file in batches, and arrays() all of it.
    Each time, the file is read anew. It can be used after the file is closed.
    """

    def __init__(
        self, reader: Reader, event: str, fields: Sequence[str] | None, rows: int, flags: int
    ) -> None:
        self._reader = reader
        self._options = make_options(event, fields, rows, flags)
        #: The event, as it was given.
        self.event = event
        self._schema = Schema(_Stream(self._open_stream(), reader.path).get_schema)
        #: The names of the columns.
        self.names: list[str] = list(self._schema.names)

    def __repr__(self) -> str:
        return f"<rbmap.Columns {self.event} of {self._reader.path!r}>"

    def _open_stream(self) -> ArrowArrayStream:
        stream = ArrowArrayStream()
        reader = self._reader.again()
        check(
            lib.rbmap_columns_stream_file(stream, reader.pointer, self._options),
            self._reader.path,
        )
        reader.give_away()
        return stream

    def __iter__(self) -> Iterator[Batch]:
        stream = _Stream(self._open_stream(), self._reader.path)
        while True:
            array = stream.next()
            if array is None:
                return
            yield Batch(array, self._schema)

    def arrays(self) -> dict[str, numpy.ndarray[Any, Any]]:
        """Each column as an array of numpy, as numpy.asarray() makes it of a Column.

        If the rows are all in one batch, numbers are not copied; the argument rows of
        columns() says how many rows a batch has. Otherwise the batches are put together.
        An array of numbers is masked if there are rows without a value.
        """
        batches = list(self)
        if not batches:
            return dict(zip(self.names, map(empty_array, self._schema.children)))
        return {name: _joined([batch[name] for batch in batches]) for name in self.names}

    def __arrow_c_schema__(self) -> Any:
        return _arrow.capsule(self._schema.copy())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return _arrow.capsule(self._open_stream())


def _joined(columns: list[Column]) -> numpy.ndarray[Any, Any]:
    """The columns of all batches as one array; masked if rows have no value."""
    import numpy

    if any(column.is_numeric and column.null_count for column in columns):
        return numpy.ma.concatenate([c.masked() for c in columns])  # type: ignore
    arrays = [numpy.asarray(column) for column in columns]
    return arrays[0] if len(arrays) == 1 else numpy.concatenate(arrays)

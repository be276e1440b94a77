# SPDX-License-Identifier: LGPL-2.1-only
"""The records of one event as columns, for Arrow and numpy."""

from __future__ import annotations

import ctypes
import os
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _arrow, _lib
from ._arrow import ArrowArray, ArrowSchema

if TYPE_CHECKING:
    import numpy

# How the module struct and numpy call the numbers that Arrow calls so.
_NUMBERS = {
    "c": ("b", "i1"),
    "C": ("B", "u1"),
    "s": ("h", "i2"),
    "S": ("H", "u2"),
    "i": ("i", "i4"),
    "I": ("I", "u4"),
    "l": ("q", "i8"),
    "L": ("Q", "u8"),
    "tsn:UTC": ("q", "M8[ns]"),
}
_ORDER = "<" if sys.byteorder == "little" else ">"


def make_options(
    event: str, fields: Sequence[str] | None, rows: int, flags: int
) -> _lib.ColumnsOptions:
    """Options for EVENT or SYSTEM:EVENT."""
    options = _lib.ColumnsOptions(ctypes.sizeof(_lib.ColumnsOptions))
    system, colon, name = event.partition(":")
    options.system = os.fsencode(system) if colon else None
    options.event = os.fsencode(name if colon else event)
    options.fields = _lib.strings(fields)
    options.rows = _lib.number(rows, 32, "number of rows")
    options.flags = flags
    return options


class Schema:
    """The names and types of the columns, made by get."""

    def __init__(self, get: Callable[[ArrowSchema], None]) -> None:
        self._get = get
        self.struct = self.copy()
        weakref.finalize(self, _arrow.release, self.struct).atexit = False
        self.children = [
            self.struct.children[i].contents for i in range(self.struct.n_children)
        ]
        self.names = [(child.name or b"").decode("utf-8") for child in self.children]

    def copy(self) -> ArrowSchema:
        struct = ArrowSchema()
        self._get(struct)
        return struct


class Batch(Mapping[str, "Column"]):
    """Some rows of the columns: a mapping of names to columns.

    It has the interface __arrow_c_array__, by which pyarrow.record_batch(batch) and
    others take it over without a copy. After that, it is empty-handed: its columns are
    no longer there. The other way round, a batch whose columns are in use stays here.
    """

    def __init__(self, array: ArrowArray, schema: Schema) -> None:
        self._array = array
        self._schema = schema
        self._columns: dict[str, Column] = {}
        self._is_taken = False
        weakref.finalize(self, _arrow.release, array).atexit = False
        #: The number of rows.
        self.num_rows: int = array.length

    def __repr__(self) -> str:
        return f"<rbmap.Batch columns={len(self)} rows={self.num_rows}>"

    def __len__(self) -> int:
        return len(self._schema.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema.names)

    def __getitem__(self, name: str) -> Column:
        if self._is_taken:
            raise ValueError("the batch was handed over by __arrow_c_array__()")
        if name not in self._columns:
            try:
                number = self._schema.names.index(name)
            except ValueError:
                raise KeyError(name) from None
            array = self._array.children[number].contents
            self._columns[name] = Column(self, array, self._schema.children[number])
        return self._columns[name]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __arrow_c_schema__(self) -> Any:
        return _arrow.capsule(self._schema.copy())

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        if self._is_taken:
            raise ValueError("the batch was handed over by __arrow_c_array__() before")
        if self._columns:
            raise ValueError("the columns of the batch are in use: it cannot be handed over")
        schema = self.__arrow_c_schema__()
        moved = ArrowArray()
        ctypes.memmove(
            ctypes.byref(moved), ctypes.byref(self._array), ctypes.sizeof(moved)
        )
        ctypes.memset(ctypes.byref(self._array), 0, ctypes.sizeof(self._array))
        self._is_taken = True
        return schema, _arrow.capsule(moved)


class Column(Sequence[Any]):
    """A column of a batch: numbers, strings, bytes or lists, None where there is none.

    numpy.asarray(column) does not copy numbers, nor lists of numbers of a fixed size. The
    memory stays there as long as the array. Of anything else, it makes an array of
    objects. A column of numbers that has rows without a value is refused, since numpy
    cannot show these; see masked().
    """

    __slots__ = ("name", "format", "_batch", "_array", "_schema", "_values", "_strings")

    def __init__(self, batch: Batch, array: ArrowArray, schema: ArrowSchema) -> None:
        # The memory belongs to the batch.
        self._batch = batch
        self._array = array
        self._schema = schema
        self._values: list[Any] | None = None
        self._strings: list[Any] | None = None
        #: The name of the column.
        self.name: str = (schema.name or b"").decode("utf-8")
        #: The type of the values, as the Arrow C data interface writes it, such as "i".
        self.format: str = schema.format.decode()

    def __len__(self) -> int:
        return int(self._array.length)

    def __getitem__(self, index: Any) -> Any:
        return self._list()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._list())

    def __repr__(self) -> str:
        return f"<rbmap.Column {self.name} {self.format} rows={len(self)}>"

    def _list(self) -> list[Any]:
        if self._values is None:
            self._values = _read(self._array, self._schema)
            if self._schema.dictionary:
                strings = self.dictionary
                self._values = [None if i is None else strings[i] for i in self._values]
        return self._values

    def to_list(self) -> list[Any]:
        """The values as Python's objects."""
        return list(self._list())

    @property
    def null_count(self) -> int:
        """The number of rows without a value."""
        count = int(self._array.null_count)
        return count if count >= 0 else _validity(self._array).count(False)

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers, or lists of numbers of a fixed size."""
        return _width(self._schema) > 0 and not self._schema.dictionary

    @property
    def dictionary(self) -> list[Any]:
        """The strings that the numbers of view() stand for, if the column has some."""
        if not self._schema.dictionary:
            raise TypeError(f"the column {self.name} has no dictionary")
        if self._strings is None:
            self._strings = _read(
                self._array.dictionary.contents, self._schema.dictionary.contents
            )
        return self._strings

    def view(self) -> numpy.ndarray[Any, Any]:
        """The numbers in an array of numpy that shares their memory.

        Of a column with a dictionary, these are the positions of the strings there. Rows
        without a value have any number.
        """
        import numpy

        return numpy.asarray(_View(self, self._array, self._schema))

    def masked(self) -> numpy.ma.MaskedArray[Any, Any]:
        """As view(), but rows without a value are masked."""
        import numpy

        values = self.view()
        mask = ~numpy.array(_validity(self._array), dtype=bool)
        if values.ndim == 2:
            mask = numpy.repeat(mask, values.shape[1]).reshape(values.shape)
        return numpy.ma.array(values, mask=mask)  # type: ignore

    def __array__(
        self, dtype: Any = None, copy: bool | None = None
    ) -> numpy.ndarray[Any, Any]:
        import numpy

        if self.is_numeric:
            nulls = self.null_count
            if nulls:
                raise ValueError(
                    f"{nulls} rows of the column {self.name} have no value: use masked()"
                )
            found = self.view()
            return numpy.array(found, dtype) if copy else numpy.asarray(found, dtype)
        if copy is False:
            raise ValueError(f"the column {self.name} cannot be an array without a copy")
        if self.format == "b" and not self.null_count:
            return numpy.array(self._list(), dtype or bool)
        found = numpy.empty(len(self), dtype=object)
        found[:] = self._list()
        return found if dtype is None else found.astype(dtype)


class _View:
    """What numpy takes a view of: its base, and so what keeps the batch alive."""

    def __init__(self, column: Column, array: ArrowArray, schema: ArrowSchema) -> None:
        self._column = column
        width = _width(schema)
        if not width:
            raise TypeError(f"the column {column.name} does not consist of numbers")
        letter, offset = schema.format.decode(), array.offset
        shape: tuple[int, ...] = (array.length,)
        if letter not in _NUMBERS:
            shape = (array.length, width)
            array = array.children[0].contents
            letter = schema.children[0].contents.format.decode()
            offset = offset * width + array.offset
        typestr = _NUMBERS[letter][1]
        address = (array.buffers[1] or 0) + offset * int(typestr[1])
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": _ORDER + typestr,
            "data": (address, True),
        }


def empty_array(schema: ArrowSchema) -> numpy.ndarray[Any, Any]:
    """An array without rows of the type that a column's array has."""
    import numpy

    letter, width = schema.format.decode(), _width(schema)
    if schema.dictionary or not width:
        return numpy.empty(0, bool if letter == "b" else object)
    if letter in _NUMBERS:
        return numpy.empty(0, _NUMBERS[letter][1])
    child = schema.children[0].contents.format.decode()
    return numpy.empty((0, width), _NUMBERS[child][1])


def _width(schema: ArrowSchema) -> int:
    """How many numbers each row has, if these lie one after the other; 0 if they don't."""
    letter = schema.format.decode()
    if letter.startswith("+w:"):
        child = schema.children[0].contents.format.decode()
        return int(letter[3:]) if child in _NUMBERS else 0
    return 1 if letter in _NUMBERS else 0


def _memory(address: int | None, size: int) -> memoryview:
    """A view that is copied before its memory can go."""
    if not address or not size:
        return memoryview(b"")
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")


def _bits(array: ArrowArray, number: int) -> list[bool]:
    """The bits of a buffer; all are set if there is none."""
    start, end = array.offset, array.offset + array.length
    address = array.buffers[number]
    if not address:
        return [True] * array.length
    memory = _memory(address, (end + 7) // 8)
    return [bool(memory[i >> 3] >> (i & 7) & 1) for i in range(start, end)]


def _validity(array: ArrowArray) -> list[bool]:
    """Which rows have a value; the type null has no buffers."""
    return _bits(array, 0) if array.n_buffers else [False] * array.length


def _offsets(array: ArrowArray, letter: str) -> list[int]:
    size = 4 if letter == "i" else 8
    memory = _memory(array.buffers[1], (array.offset + array.length + 1) * size)
    return _cast(memory, letter)[array.offset :].tolist() or [0]


def _cast(memory: memoryview, letter: str) -> Any:
    return memory.cast(letter)


def _read(array: ArrowArray, schema: ArrowSchema) -> list[Any]:
    """The values of a column, of whatever type; of a dictionary, the positions."""
    values = _read_all(array, schema)
    valid = _validity(array)
    if all(valid):
        return values
    return [value if there else None for value, there in zip(values, valid)]


def _read_all(array: ArrowArray, schema: ArrowSchema) -> list[Any]:
    letter = schema.format.decode()
    start, end = array.offset, array.offset + array.length
    values: list[Any]
    if letter in _NUMBERS:
        kind, typestr = _NUMBERS[letter]
        memory = _memory(array.buffers[1], end * int(typestr[1]))
        values = _cast(memory, kind)[start:].tolist()
        return values
    if letter == "n":
        return [None] * array.length
    if letter == "b":
        return list(_bits(array, 1))
    if letter.startswith("w:"):
        size = int(letter[2:])
        content = bytes(_memory(array.buffers[1], end * size))
        return [content[i * size : (i + 1) * size] for i in range(start, end)]
    if letter.startswith("+"):
        values = _read(array.children[0].contents, schema.children[0].contents)
        if letter.startswith("+w:"):
            width = int(letter[3:])
            places = [i * width for i in range(start, end + 1)]
        else:
            places = _offsets(array, "i" if letter == "+l" else "q")
        return [values[a:b] for a, b in zip(places, places[1:])]
    if letter not in "uUzZ":
        raise TypeError(f"a column of the type {letter!r} is not known")
    places = _offsets(array, "i" if letter in "uz" else "q")
    content = bytes(_memory(array.buffers[2], places[-1]))
    parts = [content[a:b] for a, b in zip(places, places[1:])]
    return [part.decode("utf-8") for part in parts] if letter in "uU" else parts

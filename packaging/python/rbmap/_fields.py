# SPDX-License-Identifier: LGPL-2.1-only
"""The fields of an event, read from a copy of its bytes.

The values are those of rbmap_events_json(); lib/format/build-members.c and
lib/format/field.c decide there what a field is.
"""

from __future__ import annotations

import struct
from typing import Any, Callable, NamedTuple, Optional

from . import _lib

Decoder = Callable[[bytes], Any]
Place = Callable[[bytes], Optional[bytes]]

_LETTERS = {1: "b", 2: "h", 4: "i", 8: "q"}

# The size of an element whose array has no other mark than that it ends the record.
_SIZES = (
    ("char", 1),
    ("u8", 1),
    ("s8", 1),
    ("bool", 1),
    ("short", 2),
    ("u16", 2),
    ("s16", 2),
    ("u32", 4),
    ("s32", 4),
    ("u64", 8),
    ("s64", 8),
    ("long long", 8),
)


class Machine(NamedTuple):
    """What of the recorded machine the bytes of an event depend on."""

    big_endian: bool
    long_size: int

    def letter(self, size: int, signed: bool) -> str:
        """The format of a number for the module struct."""
        letter = _LETTERS[size]
        order = ">" if self.big_endian else "<"
        return order + (letter if signed else letter.upper())


class Field:
    """A field of an event: its name, its type as the kernel prints it, its place."""

    __slots__ = ("name", "type", "offset", "size", "signed", "array", "decode", "locate")

    name: str
    type: str
    offset: int
    size: int
    signed: bool
    array: bool
    decode: Decoder
    locate: Place

    def __init__(self, field: _lib.TepField, system: str, machine: Machine) -> None:
        flags = field.flags
        is_open = _is_open(field, system)
        is_dynamic = bool(flags & _lib.TEP_DYNAMIC)
        self.name = field.name.decode("utf-8", "replace")
        self.type = (field.type or b"").decode("utf-8", "replace")
        self.offset = field.offset
        self.size = field.size
        self.signed = bool(flags & _lib.TEP_SIGNED)
        self.array = is_dynamic or is_open or bool(flags & _lib.TEP_ARRAY)
        if field.offset < 0 or field.size < 0 or (is_dynamic and field.size != 4):
            self.locate = _nowhere
        elif is_dynamic:
            relative = bool(flags & _lib.TEP_RELATIVE)
            self.locate = _dynamic(field.offset, relative, machine)
        elif is_open:
            self.locate = _open(field.offset)
        else:
            self.locate = _fixed(field.offset, field.size)
        element = field.elementsize
        if is_open and not flags & _lib.TEP_ARRAY:
            element = _element_size(self.type, machine)
        self.decode = self._choose_decoder(element, is_open, machine)

    def __repr__(self) -> str:
        return f"<rbmap.Field {self.type} {self.name}>"

    def _choose_decoder(self, element: int, is_open: bool, machine: Machine) -> Decoder:
        if not self.array:
            if self.size in _LETTERS and self.locate is not _nowhere:
                number = _number(self.offset, machine.letter(self.size, self.signed))
                is_bool = self.size == 1 and self.type in ("bool", "_Bool")
                return _bool(number) if is_bool else number
            return self.locate
        if "char" in self.type and "signed char" not in self.type:
            return _text(self.locate)
        if element in _LETTERS and (element > 1 or self.signed):
            letter = machine.letter(element, self.signed)
            return _numbers(self.locate, letter, element, is_open)
        return self.locate


def _is_open(field: _lib.TepField, system: str) -> bool:
    """Whether the field ends with the record, as the text of a marker does."""
    if field.flags & _lib.TEP_DYNAMIC:
        return False
    if not field.flags & _lib.TEP_ARRAY:
        return not field.size and not field.next
    return not field.size or (not field.next and system == "ftrace")


def _element_size(type_name: str, machine: Machine) -> int:
    for word, size in _SIZES:
        if word in type_name:
            return size
    if "long" in type_name:
        return machine.long_size
    return 4 if "int" in type_name else 0


def _nowhere(data: bytes) -> bytes | None:
    return None


def _fixed(offset: int, size: int) -> Place:
    end = offset + size

    def locate(data: bytes) -> bytes | None:
        return data[offset:end] if end <= len(data) else None

    return locate


def _open(offset: int) -> Place:
    def locate(data: bytes) -> bytes | None:
        return data[offset:] if offset <= len(data) else None

    return locate


def _dynamic(offset: int, relative: bool, machine: Machine) -> Place:
    unpack = struct.Struct(machine.letter(4, False)).unpack_from
    origin = offset + 4 if relative else 0

    def locate(data: bytes) -> bytes | None:
        if offset + 4 > len(data):
            return None
        (word,) = unpack(data, offset)
        start = origin + (word & 0xFFFF)
        end = start + (word >> 16)
        return data[start:end] if end <= len(data) else None

    return locate


def _number(offset: int, letter: str) -> Decoder:
    unpack = struct.Struct(letter).unpack_from

    def decode(data: bytes) -> Any:
        try:
            return unpack(data, offset)[0]
        except struct.error:
            return None

    return decode


def _bool(number: Decoder) -> Decoder:
    def decode(data: bytes) -> Any:
        found = number(data)
        return None if found is None else found != 0

    return decode


def _text(locate: Place) -> Decoder:
    def decode(data: bytes) -> Any:
        found = locate(data)
        if found is None:
            return None
        return found.partition(b"\0")[0].decode("utf-8", "replace")

    return decode


def _numbers(locate: Place, letter: str, element: int, is_open: bool) -> Decoder:
    def decode(data: bytes) -> Any:
        found = locate(data)
        if found is None:
            return None
        if len(found) % element:
            if not is_open:
                return list(found)
            found = found[: len(found) - len(found) % element]
        count = len(found) // element
        return list(struct.unpack(f"{letter[0]}{count}{letter[1]}", found))

    return decode

# SPDX-License-Identifier: LGPL-2.1-only
"""Events, the losses between them, and the formats that explain both."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import struct
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Callable

from . import _lib
from ._errors import Error
from ._fields import Field, Machine
from ._lib import check, lib, tep


class EventType:
    """An event of the kernel, such as sched:sched_switch, with its fields."""

    __slots__ = ("system", "name", "id", "fields", "common_fields")

    system: str
    name: str
    id: int
    fields: dict[str, Field]
    common_fields: dict[str, Field]

    def __init__(self, number: int, event: _lib.TepEvent | None, machine: Machine) -> None:
        self.id = number
        self.system = self.name = ""
        self.fields = {}
        self.common_fields = {}
        if event is None:
            return
        self.system = (event.system or b"").decode("utf-8", "replace")
        self.name = (event.name or b"").decode("utf-8", "replace")
        self.common_fields = _fields_of(event.format.common_fields, self.system, machine)
        self.fields = _fields_of(event.format.fields, self.system, machine)

    def __repr__(self) -> str:
        return f"<rbmap.EventType {self}>"

    def __str__(self) -> str:
        return f"{self.system}:{self.name}" if self.name else f"unknown type {self.id}"

    def matches(self, pattern: str) -> bool:
        """Whether this is SYSTEM:EVENT, SYSTEM or EVENT; both may be globs."""
        system, colon, name = pattern.partition(":")
        if colon:
            return fnmatchcase(self.system, system) and fnmatchcase(self.name, name)
        return fnmatchcase(self.system, pattern) or fnmatchcase(self.name, pattern)


def _fields_of(field: Any, system: str, machine: Machine) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    while field:
        found = Field(field.contents, system, machine)
        fields.setdefault(found.name, found)
        field = field.contents.next
    return fields


class Formats:
    """The formats of a file or an instance: struct rbmap_events.

    owner is the object that frees the pointer. Each event refers to its formats, so that
    it stays there as long as an event of it.
    """

    def __init__(self, owner: object, pointer: Any) -> None:
        self._owner = owner
        self._pointer = pointer
        self._tep = lib.rbmap_events_tep(pointer)
        self._machine = Machine(
            tep.tep_is_file_bigendian(self._tep), tep.tep_get_long_size(self._tep)
        )
        self._types: dict[int, EventType] = {}
        self.unpack_id = struct.Struct(self._machine.letter(2, False)).unpack_from

    def number_of(self, data: bytes) -> int:
        """The number of a record's type; -1 if the record is too short to have one."""
        try:
            number: int = self.unpack_id(data)[0]
            return number
        except struct.error:
            return -1

    def type_of(self, number: int) -> EventType:
        """The type with this number; one without name and fields if there is none."""
        found = self._types.get(number)
        if found is None:
            event = tep.tep_find_event(self._tep, number)
            found = EventType(number, event.contents if event else None, self._machine)
            if event:
                self._types[number] = found
        return found

    def types(self) -> list[EventType]:
        events = tep.tep_list_events(self._tep, 0)
        count = tep.tep_get_events_count(self._tep) if events else 0
        return [self.type_of(events[i].contents.id) for i in range(count)]

    def open_filter(self, patterns: tuple[str, ...], text: str) -> ctypes.c_void_p:
        """A struct rbmap_filter for the events of these names; without names, for all."""
        pointer = ctypes.c_void_p()
        error, at = ctypes.c_char_p(), ctypes.c_size_t()
        encoded = os.fsencode(text)
        if patterns:
            chosen = [t.id for t in self.types() if any(map(t.matches, patterns))]
            events = (ctypes.POINTER(_lib.TepEvent) * (len(chosen) + 1))()
            for i, number in enumerate(chosen):
                events[i] = tep.tep_find_event(self._tep, number)
            result = lib.rbmap_filter_open_list(
                pointer, self._pointer, events, encoded, error, at
            )
        else:
            result = lib.rbmap_filter_open(
                pointer, self._pointer, None, None, encoded, error, at
            )
        if result == -errno.EINVAL and error.value:
            reason = error.value.decode("utf-8", "replace")
            raise Error(errno.EINVAL, f"{reason}, at byte {at.value} of {text!r}")
        check(result)
        return pointer

    def comm(self, pid: int) -> str:
        name: bytes = lib.rbmap_events_comm(self._pointer, pid)
        return name.decode("utf-8", "replace")

    def text(self, event: Event) -> str:
        return self._print(lib.rbmap_events_text, event)

    def json(self, event: Event) -> str:
        return self._print(lib.rbmap_events_json, event)

    def _print(self, function: Callable[..., int], event: Event) -> str:
        data = ctypes.c_char_p(event.data)
        record = _lib.Record(
            ctypes.cast(data, ctypes.c_void_p),
            len(event.data),
            0,
            event.time,
            0,
            event.cpu,
        )
        return printed(lambda out: function(self._pointer, record, out))


def printed(function: Callable[[_lib.TraceSeq], int]) -> str:
    """What the function prints into a trace_seq."""
    out = _lib.TraceSeq()
    tep.trace_seq_init(out)
    try:
        check(function(out))
        return ctypes.string_at(out.buffer, out.len).decode("utf-8", "replace")
    finally:
        tep.trace_seq_destroy(out)


class Event(Mapping[str, Any]):
    """One event.

    As a mapping, it has the event's own fields, and with their full names also the
    common ones, such as common_flags. It keeps a copy of the record, so that it can be
    used as long as wanted, also after the file is closed.
    """

    __slots__ = ("type", "time", "cpu", "buffer", "data", "_formats")

    #: The event's type, with its name and fields.
    type: EventType
    #: The time stamp, in nanoseconds unless the trace clock counts something else.
    time: int
    #: The CPU that wrote the event.
    cpu: int
    #: The name of the instance; "" for the top-level instance.
    buffer: str
    #: The bytes of the record.
    data: bytes

    def __init__(
        self,
        formats: Formats,
        event_type: EventType,
        time: int,
        cpu: int,
        buffer: str,
        data: bytes,
    ) -> None:
        self._formats = formats
        self.type = event_type
        self.time = time
        self.cpu = cpu
        self.buffer = buffer
        self.data = data

    @property
    def name(self) -> str:
        """The name, such as "sched_switch"; "" if the event's format is not known."""
        return self.type.name

    @property
    def system(self) -> str:
        """The event system, such as "sched"."""
        return self.type.system

    @property
    def pid(self) -> int:
        """The thread that was running; 0 is the idle task, or a record that ends early."""
        field = self.type.common_fields.get("common_pid")
        pid = field.decode(self.data) if field else None
        return int(pid or 0)

    @property
    def comm(self) -> str:
        """The thread's command name, as far as it is known; "<...>" otherwise."""
        return self._formats.comm(self.pid)

    @property
    def fields(self) -> dict[str, Any]:
        """The event's own fields."""
        data = self.data
        return {name: field.decode(data) for name, field in self.type.fields.items()}

    def __getitem__(self, name: str) -> Any:
        """The value of a field: a number, a string, a list of numbers, or bytes.

        None if the record ends before the field does.
        """
        event_type = self.type
        field = event_type.fields.get(name) or event_type.common_fields[name]
        return field.decode(self.data)

    def __iter__(self) -> Iterator[str]:
        return iter(self.type.fields)

    def __len__(self) -> int:
        return len(self.type.fields)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def raw(self, name: str) -> bytes | None:
        """The bytes of a field; those of a string with everything after its end."""
        event_type = self.type
        field = event_type.fields.get(name) or event_type.common_fields[name]
        return field.locate(self.data)

    def __str__(self) -> str:
        """The line that trace-cmd report and rbmap-report print."""
        return self._formats.text(self)

    def __repr__(self) -> str:
        return f"<rbmap.Event {self.type} time={self.time} cpu={self.cpu}>"

    def json(self) -> dict[str, Any]:
        """The object that rbmap-report --format json prints."""
        found: dict[str, Any] = json.loads(self._formats.json(self))
        return found


class Lost:
    """Events were lost on a CPU. It comes before the first event after the loss.

    It has no fields and no name: code that takes it for an event raises an exception.
    """

    __slots__ = ("count", "time", "cpu", "buffer")

    #: The number of lost events; None if it is not known.
    count: int | None
    #: The time stamp of the first event after the loss.
    time: int
    cpu: int
    buffer: str

    def __init__(self, count: int | None, time: int, cpu: int, buffer: str) -> None:
        self.count = count
        self.time = time
        self.cpu = cpu
        self.buffer = buffer

    def __str__(self) -> str:
        """The line that trace-cmd report and rbmap-report print."""
        lost = _lib.LOST_UNKNOWN if self.count is None else self.count
        record = _lib.Record(None, 0, 0, self.time, lost, self.cpu)
        return printed(lambda out: int(lib.rbmap_events_lost_text(record, out)))

    def __repr__(self) -> str:
        return f"<rbmap.Lost count={self.count} time={self.time} cpu={self.cpu}>"

# SPDX-License-Identifier: LGPL-2.1-only
"""trace.dat files."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Union

from . import _lib
from ._errors import Error
from ._choice import Choice
from ._event import Event, EventType, Formats, Lost
from ._lib import check, lib
from ._reader import Fault, Reader
from ._stream import Columns

Path = Union[str, "os.PathLike[str]"]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


class File:
    """A trace.dat of version 6 or 7, open for reading.

    Iterating over it reads all events, sorted by time across all CPUs and buffers. There
    is one position in the file: a new iteration ends the one before.

    Damaged parts are skipped. When everything intact has been returned, the iteration
    ends with an Error that names the first defect; with allow_damage it just ends, and
    faults lists the defects.
    """

    def __init__(self, path: Path, *, allow_damage: bool = False) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._reader: Reader | None = Reader(os.fsdecode(path), descriptor)
        self._allow_damage = allow_damage
        self._turn = 0
        self.path = self._reader.path
        self._formats = [
            Formats(self._reader, lib.rbmap_tracedat_reader_events(self._reader.pointer, i))
            for i in range(max(1, len(self._reader.buffers())))
        ]
        self._describe(self._reader)

    def _describe(self, reader: Reader) -> None:
        info = lib.rbmap_tracedat_reader_info(reader.pointer).contents
        buffers = reader.buffers()
        #: 6 or 7.
        self.version: int = info.version
        #: The trace clock; None if the file does not name it.
        self.clock = _text(info.clock)
        #: Name, host, release and machine of the kernel; None if the file has no such line.
        self.kernel = _text(info.system)
        #: The program that wrote the file; None if the file does not name it.
        self.writer = _text(info.writer)
        #: The number of CPUs of the machine.
        self.nr_cpus: int = info.nr_cpus
        #: The ring buffers in the file, by the names of their instances; "" is the top level.
        self.buffers = [buffer.name.decode("utf-8", "replace") for buffer in buffers]
        #: The CPUs that have data.
        self.cpus = sorted({b.cpus[i].cpu for b in buffers for i in range(b.nr_cpus)})

    def __repr__(self) -> str:
        state = " (closed)" if self._reader is None else ""
        return f"<rbmap.File {self.path!r}{state}>"

    def __enter__(self) -> File:
        self._open_reader()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file. Events that were returned can still be used.

        Its memory is freed when the last of them is gone.
        """
        self._reader = None
        self._formats = []

    @property
    def closed(self) -> bool:
        return self._reader is None

    def _open_reader(self) -> Reader:
        if self._reader is None:
            raise ValueError(f"the file is closed: {self.path!r}")
        return self._reader

    @property
    def faults(self) -> list[Fault]:
        """The defects that were found so far."""
        return self._open_reader().faults()

    @property
    def types(self) -> list[EventType]:
        """The events that the file has formats of; not all of them need to occur."""
        self._open_reader()
        return self._formats[0].types()

    def __iter__(self) -> Iterator[Event | Lost]:
        return self.events()

    def events(
        self, *names: str, filter: str | None = None, cpus: Iterable[int] | None = None
    ) -> Iterator[Event | Lost]:
        """Reads the events with these names, from the start; without names, all.

        A name is EVENT, SYSTEM:EVENT, or SYSTEM for all events of a system; both parts
        may be globs. filter is an expression over their fields in the syntax of the
        kernel's filters, as for rbmap-report --filter; cpus restricts reading to these
        CPUs. Each loss of events is an object of its own, whatever the names and the
        filter.

        Raises LookupError if the file has no event with one of the names, and an Error
        with EINVAL if the filter is not valid for any of them.
        """
        reader = self._open_reader()
        choices = [Choice(formats, names, filter) for formats in self._formats]
        array = None if cpus is None else _lib.cpu_array(cpus)
        self._turn += 1
        lib.rbmap_tracedat_reader_rewind(reader.pointer)
        count = 0 if array is None else len(array)
        lib.rbmap_tracedat_reader_choose(reader.pointer, array, count)
        return self._read(reader, choices, self._turn)

    def _read(
        self, reader: Reader, choices: list[Choice], turn: int
    ) -> Iterator[Event | Lost]:
        record = _lib.Record()
        number = ctypes.c_size_t()
        at, at_number = ctypes.byref(record), ctypes.byref(number)
        read, pointer = lib.rbmap_tracedat_reader_next, reader.pointer
        string_at, formats, buffers = ctypes.string_at, self._formats, self.buffers
        while True:
            if self._reader is not reader or self._turn != turn:
                raise self._interrupted()
            result = read(pointer, at, at_number)
            if result != 1:
                check(result, self.path)
                break
            data, buffer = string_at(record.data, record.size), number.value
            time, cpu, lost = record.time_stamp, record.cpu, record.lost
            event_type = choices[buffer].type_of(data, record)
            # What else is in the library's memory may be gone after a yield.
            if lost:
                count = None if lost == _lib.LOST_UNKNOWN else lost
                yield Lost(count, time, cpu, buffers[buffer])
            if event_type:
                yield Event(formats[buffer], event_type, time, cpu, buffers[buffer], data)
        self._check_faults(reader)

    def _interrupted(self) -> Exception:
        if self._reader is None:
            return ValueError(f"the file was closed during the iteration: {self.path!r}")
        return RuntimeError("another iteration over the file has begun")

    def _check_faults(self, reader: Reader) -> None:
        faults = [] if self._allow_damage else reader.faults()
        if faults:
            raise Error(
                errno.EBADMSG, f"{faults[0].text}, at offset {faults[0].offset}", self.path
            )

    def columns(
        self,
        event: str,
        fields: Sequence[str] | None = None,
        *,
        common: bool = False,
        text: bool = False,
        realtime: bool = False,
        ordered: bool = True,
        rows: int = 0,
    ) -> Columns:
        """The events with this name, EVENT or SYSTEM:EVENT, as columns.

        fields names the columns and gives their order. Without it, these are
        common_timestamp, common_cpu, common_pid, common_comm, common_lost, which has the
        number of events lost before the row, and all fields of the event; in a file with
        several buffers also common_buffer. common adds the other common fields, text
        adds NAME_text for each field NAME that stands for symbols or flags, and realtime
        adds common_realtime. Without ordered, the events of one CPU come after those of
        another, which is faster. rows is the number of rows of a batch.

        Raises an Error with ENOENT if there is no such event or it has no such field.
        """
        flags = (
            common * _lib.COLUMNS_COMMON
            | text * _lib.COLUMNS_SYMBOLS
            | realtime * _lib.COLUMNS_REALTIME
            | (not ordered) * _lib.COLUMNS_UNORDERED
            | self._allow_damage * _lib.COLUMNS_DAMAGED
        )
        return Columns(self._open_reader(), event, fields, rows, flags)

    def convert(self, time: int, clock: str) -> int:
        """Converts the time of an event to "realtime" or "monotonic", in nanoseconds.

        "realtime" counts from the Epoch. Raises an Error with ENODATA if the file does not
        relate its trace clock to that clock.
        """
        if clock not in _lib.TIME_CLOCKS:
            raise ValueError(f"not one of {', '.join(_lib.TIME_CLOCKS)}: {clock!r}")
        time = _lib.number(time, 64, "time")
        result = ctypes.c_uint64()
        reader = self._open_reader()
        check(
            lib.rbmap_tracedat_reader_convert(
                reader.pointer, _lib.TIME_CLOCKS[clock], time, result
            ),
            self.path,
        )
        return result.value


def open(path: Path, *, allow_damage: bool = False) -> File:
    """Opens a trace.dat for reading."""
    return File(path, allow_damage=allow_damage)

# SPDX-License-Identifier: LGPL-2.1-only
"""Instances that are being traced."""

from __future__ import annotations

import ctypes
import errno
import os
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence

from . import _lib
from ._arrow import ArrowArray
from ._columns import Batch, Schema, make_options
from ._choice import Choice
from ._event import Event, EventType, Formats, Lost
from ._lib import blocking, check, lib, strings

# A signal that comes directly before the wait does not end it.
_WAIT_MS = 500


class _Events:
    """An open struct rbmap_events, which stays as long as events that it prints."""

    def __init__(self, instance: str, systems: Iterable[str] | None) -> None:
        self.pointer = ctypes.c_void_p()
        options = _lib.EventsOptions(ctypes.sizeof(_lib.EventsOptions))
        options.systems = strings(systems)
        options.log = _lib.log
        options.instance_name = os.fsencode(instance) or None
        check(lib.rbmap_events_open(self.pointer, options), instance or None)
        weakref.finalize(self, lib.rbmap_events_close, self.pointer).atexit = False


class _Handle:
    """An open struct rbmap_follow, and the events that it borrows."""

    def __init__(self, options: _lib.FollowOptions) -> None:
        self.pointer = ctypes.c_void_p()
        self.events: list[_Events] = []
        # Set while an iteration uses a record of the library, also if another thread or
        # a signal handler closes the follow meanwhile: the iteration frees it then.
        self.is_used = False
        check(lib.rbmap_follow_open(self.pointer, options))
        self.close = weakref.finalize(self, _close, self.pointer, self.events)
        self.close.atexit = False

    def add(self, name: str, systems: Iterable[str] | None) -> None:
        events = _Events(name, systems)
        # It is borrowed also if this fails.
        self.events.append(events)
        check(
            lib.rbmap_follow_add_instance_name(
                self.pointer, os.fsencode(name) or None, events.pointer
            ),
            name or None,
        )


def _close(pointer: ctypes.c_void_p, events: list[_Events]) -> None:
    lib.rbmap_follow_close(pointer)
    events.clear()


class Follow:
    """Follows one or more instances while they are traced.

    Iterating over it waits for events and returns them sorted by time across all CPUs
    and instances, first those that are in the ring buffers already. It ends after
    stop(), when everything that was written before has been returned.

    It neither starts nor stops tracing. One thread can use it at a time, except for
    stop() and close().
    """

    def __init__(
        self,
        *instances: str,
        systems: Iterable[str] | None = None,
        cpus: Iterable[int] | None = None,
        engine: str = "auto",
        latency_ms: int = 0,
    ) -> None:
        if engine not in _lib.ENGINES:
            raise ValueError(f"not one of {', '.join(_lib.ENGINES)}: {engine!r}")
        options = _lib.FollowOptions(ctypes.sizeof(_lib.FollowOptions))
        options.engine = _lib.ENGINES[engine]
        options.latency_ms = _lib.number(latency_ms, 32, "latency_ms")
        options.log = _lib.log
        if systems is not None:
            systems = list(systems)
        if cpus is not None:
            array = _lib.cpu_array(cpus)
            options.cpus, options.nr_cpus = array, len(array)
        self._handle: _Handle | None = _Handle(options)
        self._turn = 0
        # A signal handler may close it in the thread that waits.
        self._wait_lock = threading.RLock()
        self._is_waiting = False
        #: The names of the instances; "" is the top level.
        self.instances = list(instances)
        try:
            for name in instances:
                self._handle.add(name, systems)
        except BaseException:
            self.close()
            raise
        self._formats = [Formats(e, e.pointer) for e in self._handle.events]

    def __repr__(self) -> str:
        state = " (closed)" if self._handle is None else ""
        return f"<rbmap.Follow {', '.join(map(repr, self.instances))}{state}>"

    def __enter__(self) -> Follow:
        self._open_handle()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops following. The instances can be removed then.

        Events that were returned can still be used. Any thread can call it, and a signal
        handler; an iteration that is waiting raises ValueError.
        """
        handle, self._handle = self._handle, None
        if handle is not None:
            lib.rbmap_follow_stop(handle.pointer)
            if not handle.is_used:
                # Another thread may be waiting; it returns now.
                with self._wait_lock:
                    handle.close()

    @property
    def closed(self) -> bool:
        return self._handle is None

    def _open_handle(self) -> _Handle:
        if self._handle is None:
            raise ValueError("the follow is closed")
        return self._handle

    def stop(self) -> None:
        """Ends the iteration, after all events written so far.

        Any thread can call it, and a signal handler.
        """
        lib.rbmap_follow_stop(self._open_handle().pointer)

    def fileno(self) -> int:
        """A file descriptor for select and asyncio.

        It is readable if there may be events for pending(). Do not read from it.
        """
        return check(lib.rbmap_follow_fd(self._open_handle().pointer))

    @property
    def engines(self) -> list[str]:
        """For each instance, how its ring buffers are read: see rbmap(7)."""
        handle = self._open_handle()
        sessions = [
            lib.rbmap_follow_session(handle.pointer, i) for i in range(len(self.instances))
        ]
        numbers = [lib.rbmap_session_engine(session) for session in sessions]
        return [lib.rbmap_engine_name(number).decode() for number in numbers]

    @property
    def types(self) -> list[EventType]:
        """The events of the first instance."""
        self._open_handle()
        return self._formats[0].types()

    def __iter__(self) -> Iterator[Event | Lost]:
        return self.events()

    def events(self, *names: str, filter: str | None = None) -> Iterator[Event | Lost]:
        """Waits for the events with these names; without names, for all.

        Names and filter are as for File.events(). Each loss of events is an object of its
        own, whatever they are.
        """
        return self._objects(names, filter, True)

    def pending(self, *names: str, filter: str | None = None) -> Iterator[Event | Lost]:
        """The same, but without waiting: it ends when there is nothing to return."""
        return self._objects(names, filter, False)

    def _objects(
        self, names: tuple[str, ...], filter: str | None, wait: bool
    ) -> Iterator[Event | Lost]:
        handle = self._open_handle()
        choices = [Choice(formats, names, filter) for formats in self._formats]
        return self._read(handle, choices, self._records(wait))

    def _records(self, wait: bool) -> Iterator[_lib.FollowRecord]:
        """The library's records; each is valid until is_used is set back."""
        handle = self._open_handle()
        if self._is_waiting:
            raise RuntimeError("another iteration is waiting for events")
        self._turn += 1
        return self._next_records(handle, wait, self._turn)

    def _next_records(
        self, handle: _Handle, wait: bool, turn: int
    ) -> Iterator[_lib.FollowRecord]:
        found = ctypes.POINTER(_lib.FollowRecord)()
        at, read, pointer = ctypes.byref(found), lib.rbmap_follow_next, handle.pointer
        while True:
            handle.is_used = True
            if self._handle is not handle:
                handle.close()
                raise ValueError("the follow was closed during the iteration")
            if self._turn != turn:
                handle.is_used = False
                raise RuntimeError("another iteration has begun")
            result = read(pointer, at)
            if result == 1:
                yield found.contents
                continue
            handle.is_used = False
            if result != -errno.EAGAIN:
                check(result)
                return
            if not wait:
                return
            self._wait(handle)

    def _wait(self, handle: _Handle) -> None:
        with self._wait_lock:
            if self._handle is not handle:
                return
            self._is_waiting = True
            try:
                result = blocking.rbmap_follow_wait(handle.pointer, _WAIT_MS)
            finally:
                self._is_waiting = False
        if result != -errno.EINTR:
            check(result)

    def _read(
        self,
        handle: _Handle,
        choices: list[Choice],
        records: Iterator[_lib.FollowRecord],
    ) -> Iterator[Event | Lost]:
        string_at, names, formats = ctypes.string_at, self.instances, self._formats
        for record in records:
            time, cpu, source = record.time_stamp, record.cpu, record.source
            data, lost = string_at(record.data, record.size), record.lost
            event_type = choices[source].type_of(data, record.record)
            handle.is_used = False
            if lost:
                count = None if lost == _lib.LOST_UNKNOWN else lost
                yield Lost(count, time, cpu, names[source])
            if event_type:
                yield Event(formats[source], event_type, time, cpu, names[source], data)

    def batches(
        self,
        event: str,
        fields: Sequence[str] | None = None,
        *,
        common: bool = False,
        text: bool = False,
        rows: int = 0,
    ) -> Iterator[Batch]:
        """Waits for the events with this name, as columns.

        Returns a batch whenever one is full, and what is left at the end. The arguments
        are those of File.columns(). Only of a single instance.
        """
        if len(self.instances) != 1:
            raise ValueError("columns are those of a single instance")
        flags = common * _lib.COLUMNS_COMMON | text * _lib.COLUMNS_SYMBOLS
        handle = self._open_handle()
        columns = _Columns(handle.events[0], make_options(event, fields, rows, flags))
        return self._fill(handle, columns, self._records(True))

    def _fill(
        self, handle: _Handle, columns: _Columns, records: Iterator[_lib.FollowRecord]
    ) -> Iterator[Batch]:
        add, pointer = lib.rbmap_columns_add, columns.pointer
        for record in records:
            result = add(pointer, record.record)
            full = None
            if result == -errno.ENOBUFS:
                full = columns.take()
                result = add(pointer, record.record)
            handle.is_used = False
            check(result)
            if full is not None:
                yield full
        if lib.rbmap_columns_count(pointer):
            yield columns.take()


class _Columns:
    """An open struct rbmap_columns."""

    def __init__(self, events: _Events, options: _lib.ColumnsOptions) -> None:
        self._events = events
        self.pointer = ctypes.c_void_p()
        check(lib.rbmap_columns_open(self.pointer, events.pointer, options))
        # The events are closed later: this refers to them.
        weakref.finalize(self, _close_columns, self.pointer, events).atexit = False
        self.schema = Schema(
            lambda ret: _ignore(check(lib.rbmap_columns_schema(self.pointer, ret)))
        )

    def take(self) -> Batch:
        array = ArrowArray()
        check(lib.rbmap_columns_take(self.pointer, array))
        return Batch(array, self.schema)


def _close_columns(pointer: ctypes.c_void_p, events: _Events) -> None:
    lib.rbmap_columns_close(pointer)


def _ignore(result: int) -> None:
    pass


def follow(
    *instances: str,
    systems: Iterable[str] | None = None,
    cpus: Iterable[int] | None = None,
    engine: str = "auto",
    latency_ms: int = 0,
) -> Follow:
    """Follows the instances with these names, which exist already; "" is the top level.

    systems loads the formats of these event systems only, which is faster: the fields of
    other events are not known. cpus restricts it to these CPUs. An event is returned
    latency_ms milliseconds after it was written, at most; 0 means 100. engine is "auto",
    "observe", "mapped" or "read": see rbmap(7).
    """
    return Follow(
        *instances, systems=systems, cpus=cpus, engine=engine, latency_ms=latency_ms
    )

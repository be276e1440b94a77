# SPDX-License-Identifier: LGPL-2.1-only
"""The installed librbmap, and of libtraceevent what its interface is made of."""

from __future__ import annotations

import ctypes
import logging
import operator
import os
from collections.abc import Iterable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint,
    c_uint32,
    c_uint64,
    c_ulong,
    c_void_p,
)
from typing import Any

from ._arrow import ArrowArray, ArrowArrayStream, ArrowSchema
from ._errors import Error

SONAME = "librbmap.so.0.1"
TRACEEVENT_SONAME = "libtraceevent.so.1"

LOST_UNKNOWN = 2**64 - 1
LOG_WARNING, LOG_INFO, LOG_DEBUG = 1, 2, 3

LogFunction = CFUNCTYPE(None, c_void_p, c_int, c_char_p)


class Log(Structure):
    _fields_ = [("write", LogFunction), ("context", c_void_p)]


class Record(Structure):
    _fields_ = [
        ("data", c_void_p),
        ("size", c_uint32),
        ("offset", c_uint32),
        ("time_stamp", c_uint64),
        ("lost", c_uint64),
        ("cpu", c_int),
    ]


class Layout(Structure):
    _fields_ = [
        ("subbuf_size", c_uint32),
        ("data_offset", c_uint32),
        ("commit_offset", c_uint32),
        ("commit_size", c_uint32),
        ("swap", c_bool),
    ]


class Anchor(Structure):
    _fields_ = [
        ("trace", c_uint64),
        ("realtime", c_uint64),
        ("monotonic", c_uint64),
        ("uncertainty", c_uint64),
    ]


class Info(Structure):
    _fields_ = [
        ("version", c_uint),
        ("big_endian", c_bool),
        ("long_size", c_uint),
        ("page_size", c_uint32),
        ("compression", c_char_p),
        ("size", c_uint64),
        ("clock", c_char_p),
        ("in_seconds", c_bool),
        ("nr_cpus", c_uint32),
        ("system", c_char_p),
        ("writer", c_char_p),
        ("trace_id", c_uint64),
        ("offset", c_int64),
        ("tsc_mult", c_uint32),
        ("tsc_shift", c_uint32),
        ("tsc_offset", c_uint64),
        ("cpu_stats", POINTER(c_char_p)),
        ("anchors", POINTER(Anchor)),
        ("nr_anchors", c_size_t),
    ]


class Cpu(Structure):
    _fields_ = [("cpu", c_int), ("offset", c_uint64), ("size", c_uint64)]


class Buffer(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("clock", c_char_p),
        ("layout", Layout),
        ("compressed", c_bool),
        ("cpus", POINTER(Cpu)),
        ("nr_cpus", c_size_t),
    ]


class Fault(Structure):
    _fields_ = [("offset", c_uint64), ("text", c_char_p)]


class ColumnsOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("system", c_char_p),
        ("event", c_char_p),
        ("fields", POINTER(c_char_p)),
        ("rows", c_size_t),
        ("flags", c_uint),
    ]


class EventsOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("instance", c_void_p),
        ("systems", POINTER(c_char_p)),
        ("tep", c_void_p),
        ("log", Log),
        ("instance_name", c_char_p),
    ]


class FollowOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("engine", c_int),
        ("latency_ms", c_uint),
        ("cpus", POINTER(c_int)),
        ("nr_cpus", c_size_t),
        ("systems", POINTER(c_char_p)),
        ("log", Log),
    ]


class FollowRecord(Structure):
    _anonymous_ = ("record",)
    _fields_ = [("record", Record), ("events", c_void_p), ("source", c_int)]


class TraceSeq(Structure):
    """struct trace_seq"""

    _fields_ = [
        ("buffer", c_void_p),
        ("buffer_size", c_uint),
        ("len", c_uint),
        ("readpos", c_uint),
        ("state", c_int),
    ]


class TepField(Structure):
    """struct tep_format_field"""


TepField._fields_ = [
    ("next", POINTER(TepField)),
    ("event", c_void_p),
    ("type", c_char_p),
    ("name", c_char_p),
    ("alias", c_char_p),
    ("offset", c_int),
    ("size", c_int),
    ("arraylen", c_uint),
    ("elementsize", c_uint),
    ("flags", c_ulong),
]


class TepFormat(Structure):
    """struct tep_format"""

    _fields_ = [
        ("nr_common", c_int),
        ("nr_fields", c_int),
        ("common_fields", POINTER(TepField)),
        ("fields", POINTER(TepField)),
    ]


class TepPrintFormat(Structure):
    """struct tep_print_fmt"""

    _fields_ = [("format", c_char_p), ("args", c_void_p), ("print_cache", c_void_p)]


class TepEvent(Structure):
    """struct tep_event, up to the last member that is used here"""

    _fields_ = [
        ("tep", c_void_p),
        ("name", c_char_p),
        ("id", c_int),
        ("flags", c_int),
        ("format", TepFormat),
        ("print_fmt", TepPrintFormat),
        ("system", c_char_p),
    ]


# enum rbmap_engine
ENGINES = {"auto": 0, "mapped": 1, "read": 2, "observe": 3}

# enum rbmap_tracedat_time
TIME_CLOCKS = {"realtime": 0, "monotonic": 1}

# enum rbmap_columns_flags
COLUMNS_COMMON, COLUMNS_SYMBOLS, COLUMNS_REALTIME = 1, 2, 4
COLUMNS_UNORDERED, COLUMNS_DAMAGED = 8, 16

# enum tep_format_flags
TEP_ARRAY, TEP_SIGNED, TEP_DYNAMIC, TEP_RELATIVE = 1, 4, 16, 256

# Pointers to opaque objects are c_void_p. POINTER() stands where a struct is filled in.
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "rbmap_version": (c_char_p, []),
    "rbmap_strerror": (c_char_p, [c_int]),
    "rbmap_events_tep": (c_void_p, [c_void_p]),
    "rbmap_events_comm": (c_char_p, [c_void_p, c_int]),
    "rbmap_events_text": (c_int, [c_void_p, POINTER(Record), POINTER(TraceSeq)]),
    "rbmap_events_json": (c_int, [c_void_p, POINTER(Record), POINTER(TraceSeq)]),
    "rbmap_events_lost_text": (c_int, [POINTER(Record), POINTER(TraceSeq)]),
    "rbmap_tracedat_reader_open": (c_int, [POINTER(c_void_p), c_int, POINTER(Log)]),
    "rbmap_tracedat_reader_close": (None, [c_void_p]),
    "rbmap_tracedat_reader_info": (POINTER(Info), [c_void_p]),
    "rbmap_tracedat_reader_buffers": (c_size_t, [c_void_p, POINTER(POINTER(Buffer))]),
    "rbmap_tracedat_reader_events": (c_void_p, [c_void_p, c_size_t]),
    "rbmap_tracedat_reader_faults": (c_size_t, [c_void_p, POINTER(POINTER(Fault))]),
    "rbmap_tracedat_reader_choose": (None, [c_void_p, POINTER(c_int), c_size_t]),
    "rbmap_tracedat_reader_next": (
        c_int,
        [c_void_p, POINTER(Record), POINTER(c_size_t)],
    ),
    "rbmap_tracedat_reader_convert": (
        c_int,
        [c_void_p, c_int, c_uint64, POINTER(c_uint64)],
    ),
    "rbmap_tracedat_reader_rewind": (None, [c_void_p]),
    "rbmap_events_open": (c_int, [POINTER(c_void_p), POINTER(EventsOptions)]),
    "rbmap_events_close": (None, [c_void_p]),
    "rbmap_filter_open": (
        c_int,
        [
            POINTER(c_void_p),
            c_void_p,
            c_char_p,
            c_char_p,
            c_char_p,
            POINTER(c_char_p),
            POINTER(c_size_t),
        ],
    ),
    "rbmap_filter_open_list": (
        c_int,
        [
            POINTER(c_void_p),
            c_void_p,
            POINTER(POINTER(TepEvent)),
            c_char_p,
            POINTER(c_char_p),
            POINTER(c_size_t),
        ],
    ),
    "rbmap_filter_close": (None, [c_void_p]),
    "rbmap_filter_match": (c_int, [c_void_p, POINTER(Record)]),
    "rbmap_columns_open": (
        c_int,
        [POINTER(c_void_p), c_void_p, POINTER(ColumnsOptions)],
    ),
    "rbmap_columns_close": (None, [c_void_p]),
    "rbmap_columns_add": (c_int, [c_void_p, POINTER(Record)]),
    "rbmap_columns_count": (c_size_t, [c_void_p]),
    "rbmap_columns_schema": (c_int, [c_void_p, POINTER(ArrowSchema)]),
    "rbmap_columns_take": (c_int, [c_void_p, POINTER(ArrowArray)]),
    "rbmap_columns_stream_file": (
        c_int,
        [POINTER(ArrowArrayStream), c_void_p, POINTER(ColumnsOptions)],
    ),
    "rbmap_follow_open": (c_int, [POINTER(c_void_p), POINTER(FollowOptions)]),
    "rbmap_follow_close": (None, [c_void_p]),
    "rbmap_follow_add_instance_name": (c_int, [c_void_p, c_char_p, c_void_p]),
    "rbmap_follow_session": (c_void_p, [c_void_p, c_int]),
    "rbmap_follow_next": (c_int, [c_void_p, POINTER(POINTER(FollowRecord))]),
    "rbmap_follow_wait": (c_int, [c_void_p, c_int]),
    "rbmap_follow_stop": (None, [c_void_p]),
    "rbmap_follow_fd": (c_int, [c_void_p]),
    "rbmap_session_engine": (c_int, [c_void_p]),
    "rbmap_engine_name": (c_char_p, [c_int]),
}

TRACEEVENT_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "trace_seq_init": (None, [POINTER(TraceSeq)]),
    "trace_seq_destroy": (None, [POINTER(TraceSeq)]),
    "tep_find_event": (POINTER(TepEvent), [c_void_p, c_int]),
    "tep_list_events": (POINTER(POINTER(TepEvent)), [c_void_p, c_int]),
    "tep_get_events_count": (c_int, [c_void_p]),
    "tep_get_long_size": (c_int, [c_void_p]),
    "tep_is_file_bigendian": (c_bool, [c_void_p]),
}


def _load(
    soname: str, functions: dict[str, tuple[Any, list[Any]]], mode: int
) -> ctypes.PyDLL:
    # libtraceevent's plugins have one state for the whole process, so that two threads
    # must not print at the same time. PyDLL keeps the interpreter's lock during a call.
    try:
        library = ctypes.PyDLL(soname, mode=mode)
    except OSError as error:
        raise ImportError(f"rbmap needs {soname}, which cannot be loaded: {error}") from None
    missing = [name for name in functions if not hasattr(library, name)]
    if missing:
        raise ImportError(
            f"the installed {soname} is too old for this version of the module rbmap: "
            f"it has no {missing[0]}()"
        )
    for name, (result, arguments) in functions.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


# Its plugins are not linked with it: they find only what all libraries can see.
tep = _load(TRACEEVENT_SONAME, TRACEEVENT_FUNCTIONS, ctypes.RTLD_GLOBAL)
lib = _load(SONAME, FUNCTIONS, ctypes.DEFAULT_MODE)

# For calls that wait: other threads run meanwhile.
blocking = ctypes.CDLL(SONAME)
blocking.rbmap_follow_wait.restype, blocking.rbmap_follow_wait.argtypes = FUNCTIONS[
    "rbmap_follow_wait"
]


_logger = logging.getLogger("rbmap")
_levels = {LOG_WARNING: logging.WARNING, LOG_INFO: logging.INFO}


def _write_log(context: Any, level: int, message: bytes) -> None:
    _logger.log(
        _levels.get(level, logging.DEBUG), "%s", message.decode("utf-8", "replace")
    )


#: The library's messages are those of the logger "rbmap".
log = Log(LogFunction(_write_log), None)


def check(result: int, filename: str | None = None) -> int:
    """Raises what a negative result stands for; returns all others."""
    if result >= 0:
        return result
    text: bytes = lib.rbmap_strerror(result)
    raise Error(-result, text.decode(), filename)


def strings(values: Iterable[str] | None) -> Any:
    """A NULL-terminated list of strings; NULL for None."""
    if values is None:
        return None
    if isinstance(values, str):
        raise TypeError(f"not a list of names, but a string: {values!r}")
    encoded = [os.fsencode(value) for value in values]
    return (c_char_p * (len(encoded) + 1))(*encoded, None)


def number(value: int, bits: int, what: str) -> int:
    """A number that fits: ctypes would cut off the rest."""
    if not 0 <= operator.index(value) < 1 << bits:
        raise ValueError(f"not a valid {what}: {value}")
    return value


def cpu_array(cpus: Iterable[int]) -> Any:
    numbers = [number(cpu, 31, "CPU") for cpu in cpus]
    return (c_int * len(numbers))(*numbers)

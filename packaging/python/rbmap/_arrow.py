# SPDX-License-Identifier: LGPL-2.1-only
"""The Arrow C data and stream interfaces, and their PyCapsules."""

from __future__ import annotations

import ctypes
import sys
import threading
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_int,
    c_int64,
    c_void_p,
    py_object,
)
from typing import Any, Union

Release = CFUNCTYPE(None, c_void_p)


class ArrowSchema(Structure):
    """struct ArrowSchema"""


ArrowSchema._fields_ = [
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_void_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", POINTER(POINTER(ArrowSchema))),
    ("dictionary", POINTER(ArrowSchema)),
    ("release", Release),
    ("private_data", c_void_p),
]


class ArrowArray(Structure):
    """struct ArrowArray"""


ArrowArray._fields_ = [
    ("length", c_int64),
    ("null_count", c_int64),
    ("offset", c_int64),
    ("n_buffers", c_int64),
    ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(ArrowArray))),
    ("dictionary", POINTER(ArrowArray)),
    ("release", Release),
    ("private_data", c_void_p),
]


class ArrowArrayStream(Structure):
    """struct ArrowArrayStream"""

    _fields_ = [
        ("get_schema", CFUNCTYPE(c_int, c_void_p, POINTER(ArrowSchema))),
        ("get_next", CFUNCTYPE(c_int, c_void_p, POINTER(ArrowArray))),
        ("get_last_error", CFUNCTYPE(c_char_p, c_void_p)),
        ("release", Release),
        ("private_data", c_void_p),
    ]


Exported = Union[ArrowSchema, ArrowArray, ArrowArrayStream]

_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = py_object
_new_capsule.argtypes = [c_void_p, c_char_p, c_void_p]

_NAMES: dict[type, bytes] = {
    ArrowSchema: b"arrow_schema",
    ArrowArray: b"arrow_array",
    ArrowArrayStream: b"arrow_array_stream",
}

# A destructor of a capsule cannot be written in Python: it may run while an exception is
# on its way, which Python code would lose. So each capsule has a second reference here,
# and what nobody else refers to any more is freed later.
_exported: list[tuple[Any, Exported]] = []
_lock = threading.Lock()


def _references(exported: list[tuple[Any, Any]], number: int) -> int:
    return sys.getrefcount(exported[number][0])


# Which references are counted differs between the versions of Python.
_ALONE = _references([(object(), None)], 0)


def release(struct: Exported) -> None:
    """Frees what the struct refers to, unless its consumer has taken that over."""
    if struct.release:
        struct.release(ctypes.addressof(struct))


def capsule(struct: Exported) -> Any:
    """Hands a struct over to the one who gets the capsule."""
    free_unused()
    made = _new_capsule(ctypes.addressof(struct), _NAMES[type(struct)], None)
    with _lock:
        _exported.append((made, struct))
    return made


def free_unused() -> None:
    """Frees the structs whose capsules are gone."""
    with _lock:
        for number in reversed(range(len(_exported))):
            if _references(_exported, number) == _ALONE:
                release(_exported.pop(number)[1])

# SPDX-License-Identifier: LGPL-2.1-only
"""The library's reader of trace.dat files."""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import NamedTuple

from . import _lib
from ._lib import check, lib


class Fault(NamedTuple):
    """A defect found in a file: its offset there, and what it is."""

    offset: int
    text: str


class Reader:
    """An open struct rbmap_tracedat_reader and its file descriptor.

    Everything that uses its memory refers to it; it closes with the last of them.
    """

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.pointer = ctypes.c_void_p()
        try:
            check(
                lib.rbmap_tracedat_reader_open(self.pointer, descriptor, _lib.log), path
            )
        except BaseException:
            os.close(descriptor)
            raise
        finalizer = weakref.finalize(self, _close_reader, self.pointer, descriptor)
        # At the end of the interpreter the kernel closes what others may still use.
        finalizer.atexit = False
        #: Both belong to someone else from then on.
        self.give_away = finalizer.detach

    def again(self) -> Reader:
        """Another reader of the same file."""
        return Reader(self.path, os.dup(self.descriptor))

    def buffers(self) -> list[_lib.Buffer]:
        found = ctypes.POINTER(_lib.Buffer)()
        count = lib.rbmap_tracedat_reader_buffers(self.pointer, found)
        return [found[i] for i in range(count)]

    def faults(self) -> list[Fault]:
        found = ctypes.POINTER(_lib.Fault)()
        count = lib.rbmap_tracedat_reader_faults(self.pointer, found)
        return [
            Fault(found[i].offset, found[i].text.decode("utf-8", "replace"))
            for i in range(count)
        ]


def _close_reader(pointer: ctypes.c_void_p, descriptor: int) -> None:
    lib.rbmap_tracedat_reader_close(pointer)
    os.close(descriptor)

# SPDX-License-Identifier: LGPL-2.1-only
"""Which events are wanted, by names and by a filter as on the command line."""

from __future__ import annotations

import struct
import weakref
from typing import Any

from ._event import EventType, Formats
from ._lib import check, lib


class Choice:
    """Events of a file's buffer or an instance."""

    def __init__(
        self, formats: Formats, patterns: tuple[str, ...], filter_text: str | None
    ) -> None:
        self._formats = formats
        self._unpack_id = formats.unpack_id
        self._patterns = patterns
        self._known: dict[int, EventType | None] = {}
        self._filter: Any = None
        for pattern in patterns:
            if not any(event_type.matches(pattern) for event_type in formats.types()):
                raise LookupError(f"no event {pattern!r}")
        if filter_text is not None:
            self._filter = formats.open_filter(patterns, filter_text)
            # The formats are closed later: this refers to them.
            weakref.finalize(self, _close, self._filter, formats).atexit = False

    def type_of(self, data: bytes, record: Any) -> EventType | None:
        """The type of a record if it is wanted.

        data is a copy of its bytes, and record refers to the library's struct.
        """
        try:
            number = self._unpack_id(data)[0]
            found = self._known[number]
        except (KeyError, struct.error):
            number = self._formats.number_of(data)
            found = self._known[number] = self._choose(number)
        if found and self._filter and not check(lib.rbmap_filter_match(self._filter, record)):
            return None
        return found

    def _choose(self, number: int) -> EventType | None:
        found = self._formats.type_of(number)
        if self._patterns and not any(map(found.matches, self._patterns)):
            return None
        return found


def _close(pointer: Any, formats: Formats) -> None:
    lib.rbmap_filter_close(pointer)

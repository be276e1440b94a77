# SPDX-License-Identifier: LGPL-2.1-only
"""Linux kernel trace events, from trace.dat files and live ring buffers."""

from ._columns import Batch, Column
from ._errors import Error
from ._event import Event, EventType, Lost
from ._fields import Field
from ._file import File, open
from ._live import Follow, follow
from ._reader import Fault
from ._stream import Columns

__version__ = "0.1.0"

__all__ = [
    "Batch",
    "Column",
    "Columns",
    "Error",
    "Event",
    "EventType",
    "Fault",
    "Field",
    "File",
    "Follow",
    "Lost",
    "follow",
    "open",
]

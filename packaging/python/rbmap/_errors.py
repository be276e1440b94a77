# SPDX-License-Identifier: LGPL-2.1-only
"""The exception of failed calls."""

from __future__ import annotations


class Error(OSError):
    """A call of librbmap that failed: errno and strerror are those of the library."""

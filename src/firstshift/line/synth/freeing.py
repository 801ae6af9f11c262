"""Memory that was freed goes back to the system.

Painting takes and frees arrays of many sizes. The C library of Linux keeps what lies between those still in use, and a
worker that paints for hours would grow by a third for nothing.
"""

from __future__ import annotations

import ctypes
import sys


def give_back_memory() -> None:
    """A few milliseconds; does nothing where the C library does not know how."""
    if not sys.platform.startswith("linux"):
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own; musl has none
    if trim is not None:
        trim(0)

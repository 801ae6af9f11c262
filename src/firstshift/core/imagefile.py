"""The bytes of an image file, and never more of them than a decoder would take.

A size that a file system tells is no bound: a pipe and a device have none, and a file grows while it is read. So one
byte more than the limit is asked for; when it comes, the rest is left where it is.
"""

from __future__ import annotations

from pathlib import Path

from firstshift.core.errors import BadInput
from firstshift.core.imagefacts import DEFAULT_LIMITS


def read_image_file(
    path: Path,
    name: object,
    *,
    expected: str = "an image",
    way_out: str = "",
    max_bytes: int = DEFAULT_LIMITS.max_bytes,
) -> bytes:
    """`name` says in messages which file it is, `expected` and `way_out` what it was wanted for."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise BadInput(where=name, expected=expected, found=error.strerror or error, way_out=way_out) from error
    if len(data) > max_bytes:
        raise BadInput(where=name, expected=f"at most {max_bytes:,} bytes", found="a larger file")
    return data

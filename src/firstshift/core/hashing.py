"""Content hashes, and the one canonical JSON that every hash of a record is taken over."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any, NewType

ContentHash = NewType("ContentHash", str)
"""SHA-256 of bytes, 64 lower-case hex digits."""

_HEX64 = re.compile(r"[0-9a-f]{64}")


def content_hash(data: bytes | memoryview) -> ContentHash:
    return ContentHash(hashlib.sha256(data).hexdigest())


def is_content_hash(text: str) -> bool:
    return _HEX64.fullmatch(text) is not None


def canonical_json(value: Any) -> str:
    """Sorted keys, no spaces, no NaN: the same value gives the same bytes on every machine and Python.

    Floats are written with their shortest exact decimal form and integral floats as integers, so that a value
    that travelled through a database or another JSON library hashes as it did before.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def record_hash(value: Any) -> ContentHash:
    return content_hash(canonical_json(value).encode("utf-8", "surrogatepass"))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"a record holds a number that JSON cannot: {value}")
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value

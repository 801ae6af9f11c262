"""Values in cells of text formats (CSV, XML): plain text stays as it is, all else is JSON, and both come back."""

from __future__ import annotations

import json
from typing import Any


def to_cell(value: Any) -> str:
    """Text that would be taken for JSON, or that a text file would bend, goes in JSON's quotes."""
    if isinstance(value, str) and value and value.strip() == value and not _is_json(value) and _is_plain(value):
        return value
    return json.dumps(value)


def from_cell(cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def text_to_cell(text: str) -> str:
    """As `to_cell`, for a column that holds text only: `12` stays `12`."""
    return text if text and text.strip() == text and text[0] != '"' and _is_plain(text) else json.dumps(text)


def text_from_cell(cell: str) -> str:
    value = from_cell(cell) if cell.startswith('"') else cell
    return value if isinstance(value, str) else cell


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_plain(text: str) -> bool:
    """A spreadsheet would run what begins with one of `=+-@` as a formula; quoted it is text there too."""
    return all(c.isprintable() for c in text) and not text.startswith(("=", "+", "-", "@"))

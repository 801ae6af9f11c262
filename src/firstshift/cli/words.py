"""How a part, a label, a time or an origin reads in one cell of a table, and how they are read from an option."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from firstshift.cli import screen
from firstshift.core.capture import Capture, Origin, parse_time
from firstshift.core.errors import BadInput

if TYPE_CHECKING:
    from firstshift.core.label import Label

LevelName = Literal["model", "synthetic", "imported", "operator", "engineer", "senior", "external"]
"""A test holds it to `core.label.Level`, which is not imported here because it brings numpy."""
_VERDICTS = {"good": "green", "defect": "red", "unsure": "yellow"}
MAX_CLASSES = 3


def label_words(label: Label | None) -> str:
    """`scratch ×2, dent`, in the colour of the verdict; the verdict itself where no class says more."""
    if label is None:
        return f"[dim]{screen.NOTHING}[/]"
    counts = Counter(annotation.class_name for annotation in label.annotations)
    named = [screen.quoted(name) + (f" ×{count}" if count > 1 else "") for name, count in sorted(counts.items())]
    more = f" +{len(named) - MAX_CLASSES}" if len(named) > MAX_CLASSES else ""
    text = ", ".join(named[:MAX_CLASSES]) + more
    if label.verdict != "defect" or not text:
        text = f"{label.verdict}: {text}" if text else str(label.verdict)
    return f"[{_VERDICTS[label.verdict]}]{text}[/]"


def part_words(capture: Capture) -> str:
    """The serial; for an image without one, the end of the path it came from."""
    if capture.serial:
        return screen.quoted(capture.serial)
    if capture.source:
        return f"[dim]{screen.quoted('/'.join(capture.source.split('/')[-2:]))}[/]"
    return screen.NOTHING


def checked_origin(text: str | None) -> str | None:
    if text is not None and text not in set(Origin):
        raise BadInput(where="--origin", expected=", ".join(Origin), found=text)
    return text


def parsed_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time = parse_time(text)
    if time.tzinfo is None:
        raise BadInput(
            where="time",
            expected="a time zone",
            found=text,
            way_out=f"write {text}Z for UTC, or an offset such as +02:00",
        )
    return time

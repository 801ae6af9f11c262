"""What a check has to say about a plan: where, what, and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    ERROR = "error"
    """The plan cannot work like this."""
    WARNING = "warning"
    """It contradicts physics or itself; probably a slip."""
    NOTE = "note"
    """Worth knowing; may well be meant."""


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    path: str
    text: str
    way_out: str = ""

    def __str__(self) -> str:
        return f"{self.level}: {self.path}: {self.text}" + (f"; {self.way_out}" if self.way_out else "")

    def as_dict(self) -> dict[str, str]:
        return {"level": str(self.level), "path": self.path, "text": self.text, "way_out": self.way_out}


def error(path: str, text: str, way_out: str = "") -> Finding:
    return Finding(Level.ERROR, path, text, way_out)


def warning(path: str, text: str, way_out: str = "") -> Finding:
    return Finding(Level.WARNING, path, text, way_out)


def note(path: str, text: str, way_out: str = "") -> Finding:
    return Finding(Level.NOTE, path, text, way_out)

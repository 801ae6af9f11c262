"""What an import did: what is new, what was known, what was left out, and what the workspace does not keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firstshift.core.errors import FirstshiftError
from firstshift.formats.record import Loss

SAME_BYTES = "same bytes as another image, recorded as an image of its own"


@dataclass(frozen=True, slots=True)
class ImportReport:
    source: str
    format: str
    why: str
    """How the format was recognised."""
    images: int
    """Entries that could be imported: new and known."""
    new: int
    known: int
    labels: int
    """Label versions recorded by this call."""
    splits: dict[str, int]
    classes: tuple[str, ...]
    problems: tuple[FirstshiftError, ...]
    losses: tuple[Loss, ...]
    """What the data set says and the workspace does not keep."""
    notes: tuple[Loss, ...]
    """What a person should know: same bytes under another name, a PNG that is named .jpg."""
    seconds: float

    @property
    def same_bytes(self) -> int:
        return sum(note.count for note in self.notes if note.what == SAME_BYTES)

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "format": self.format,
            "why": self.why,
            "images": self.images,
            "new": self.new,
            "known": self.known,
            "labels": self.labels,
            "same_bytes": self.same_bytes,
            "splits": self.splits,
            "classes": list(self.classes),
            "problems": [problem.as_dict() for problem in self.problems],
            "losses": [loss_to_json(loss) for loss in self.losses],
            "notes": [loss_to_json(note) for note in self.notes],
            "seconds": round(self.seconds, 3),
        }


def loss_to_json(loss: Loss) -> dict[str, Any]:
    return {"what": loss.what, "count": loss.count, "examples": list(loss.examples)}

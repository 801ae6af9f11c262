"""What a run knows besides its images, in a file of the workspace: `synth/RUN.json`.

Which parts were looked at, which of them have no place for their flaw, how many hide it, and which renderer paints.
It is written after images of a few units are recorded, whole or not at all. Which images are there the store says;
without the file a run counts its images anew, and nothing is lost.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firstshift.core.errors import BadInput, Unavailable
from firstshift.core.wholefile import write_whole
from firstshift.line.synth.recipe import Unit


@dataclass(slots=True)
class Tally:
    """What became of the parts of one kind."""

    parts: int = 0
    """That have images."""
    not_visible: int = 0
    """Of those, the ones whose flaw shows in no channel."""
    without_place: list[int] = field(default_factory=list)
    """Numbers of those that have no image, because the flaw found no place."""

    def add(self, other: Tally) -> None:
        self.parts += other.parts
        self.not_visible += other.not_visible
        self.without_place = sorted({*self.without_place, *other.without_place})


class Journal:
    """How many parts of each kind are recorded, counted from the first without a gap."""

    def __init__(self, path: Path, run: str) -> None:
        self._path, self._run = path, run
        self.done: Counter[str] = Counter()
        self.kinds: dict[str, Tally] = {}
        self.renderer: dict[str, str] | None = None
        """Which one paints this run; None before it began."""
        self.nowhere: dict[str, dict[int, str]] = {}
        """By class and number the photographs on which a flaw found no place."""
        if path.exists():
            try:
                told = json.loads(path.read_text(encoding="utf-8"))
                self.done.update({str(kind): int(count) for kind, count in told["done"].items()})
                self.kinds = {str(kind): _tally(one) for kind, one in told["kinds"].items()}
                self.renderer = {str(name): str(value) for name, value in told["renderer"].items()}
                self.nowhere = {
                    str(kind): {int(number): str(image) for number, image in found.items()}
                    for kind, found in told.get("nowhere", {}).items()
                }
            except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
                raise BadInput(
                    where=path, expected="the journal of a run", found=error, way_out="remove the file; nothing is lost"
                ) from error

    def split(self, unit: Unit) -> tuple[range, range]:
        """The numbers of a unit that were looked at before, and the others."""
        until = min(max(unit.first, self.done[unit.kind]), unit.first + unit.count)
        return range(unit.first, until), range(until, unit.first + unit.count)

    def has(self, kind: str, number: int) -> bool:
        """Whether a part that was worked at has images."""
        return kind not in self.kinds or number not in self.kinds[kind].without_place

    def add(self, unit: Unit, made: Mapping[str, Tally]) -> None:
        """Not written yet."""
        self.done[unit.kind] = max(self.done[unit.kind], unit.first + unit.count)
        for kind, tally in made.items():
            self.kinds.setdefault(kind, Tally()).add(tally)

    def note_nowhere(self, photograph: str, pieces: Iterable[tuple[str, int]]) -> None:
        """Onto a photograph: what found no place on it is not tried on another one."""
        for kind, number in pieces:
            self.nowhere.setdefault(kind, {})[number] = photograph
        self.write()

    def write(self) -> None:
        told = {
            "run": self._run,
            "renderer": self.renderer or {},
            "done": dict(sorted(self.done.items())),
            "kinds": {
                kind: {"parts": one.parts, "not_visible": one.not_visible, "without_place": one.without_place}
                for kind, one in sorted(self.kinds.items())
            },
            **({"nowhere": self.nowhere} if self.nowhere else {}),
        }
        try:
            self._path.parent.mkdir(exist_ok=True)
            write_whole(self._path, (json.dumps(told, indent=1) + "\n").encode())
        except OSError as error:
            raise Unavailable(
                "how far the run came cannot be written down",
                where=self._path,
                found=error.strerror or error,
                way_out="make room, or see who may write there; the same command then goes on, and nothing is lost",
            ) from error


def _tally(told: Mapping[str, Any]) -> Tally:
    return Tally(int(told["parts"]), int(told["not_visible"]), [int(one) for one in told["without_place"]])

"""How far a run came, in a file of the workspace: `synth/RUN.json`. With it a run that was stopped goes on.

It is written after each unit's images are recorded, whole or not at all. Killed in between, at most one unit is painted
again, and nothing is recorded twice.
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
        if path.exists():
            try:
                told = json.loads(path.read_text(encoding="utf-8"))
                self.done.update({str(kind): int(count) for kind, count in told["done"].items()})
                self.kinds = {str(kind): _tally(one) for kind, one in told["kinds"].items()}
            except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
                raise BadInput(
                    where=path, expected="the journal of a run", found=error, way_out="remove the file; nothing is lost"
                ) from error

    def left_of(self, units: Iterable[Unit]) -> list[Unit]:
        """What is still to be painted; a unit of which some is recorded is cut."""
        left = []
        for unit in units:
            begun = max(0, self.done[unit.kind] - unit.first)
            if begun < unit.count:
                left.append(Unit(unit.kind, unit.first + begun, unit.count - begun))
        return left

    def has(self, kind: str, number: int) -> bool:
        """Whether a part that was worked at has images."""
        return kind not in self.kinds or number not in self.kinds[kind].without_place

    def note(self, unit: Unit, made: Mapping[str, Tally]) -> None:
        self.done[unit.kind] = max(self.done[unit.kind], unit.first + unit.count)
        for kind, tally in made.items():
            self.kinds.setdefault(kind, Tally()).add(tally)
        told = {
            "run": self._run,
            "done": dict(sorted(self.done.items())),
            "kinds": {
                kind: {"parts": one.parts, "not_visible": one.not_visible, "without_place": one.without_place}
                for kind, one in sorted(self.kinds.items())
            },
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

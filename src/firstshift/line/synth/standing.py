"""How a run stands in the workspace: which of its images are there, and of which only the record is left.

The store is asked, not the journal: a database that was restored is older than the journal beside it, and retention
takes pixels away without any journal hearing of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from firstshift.line.synth.journal import Journal
from firstshift.store.shots import recorded_shots
from firstshift.store.workspace import Workspace

Exposed = tuple[str, str]
"""A shot and its light channel."""


class Standing:
    def __init__(self) -> None:
        self.live: dict[Exposed, str] = {}
        self.retired: dict[Exposed, str] = {}
        """Ids of images whose pixels are gone, where none took their place."""

    @classmethod
    def of(cls, ws: Workspace, shots: Iterable[str]) -> Standing:
        found = cls()
        for one in recorded_shots(ws.database, shots):
            (found.retired if one.is_retired else found.live)[one.shot, one.channel or ""] = one.image
        for exposed in found.live:
            found.retired.pop(exposed, None)
        return found

    def __len__(self) -> int:
        return len(self.live) + len(self.retired)

    def begun_by(self, ws: Workspace, journal: Journal) -> dict[str, str] | None:
        """The renderer that began the run; None before its first image, empty when nothing says so."""
        image = next(chain(self.live.values(), self.retired.values()), None)
        if journal.renderer is not None or image is None:
            return journal.renderer
        told = ws.images.get(image).capture.provenance.get("renderer")
        return dict(told) if isinstance(told, dict) else {}

    def lacks(self, shot: str, channels: Sequence[str], again: bool) -> bool:
        """Whether the part has to be painted. `again`: what was retired, too."""
        return any(
            (shot, channel) not in self.live and (again or (shot, channel) not in self.retired) for channel in channels
        )

    def images_of(self, shot: str, channels: Sequence[str]) -> list[str]:
        found = (self.live.get((shot, channel)) or self.retired.get((shot, channel)) for channel in channels)
        return [image for image in found if image is not None]

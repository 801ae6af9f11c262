"""What is left to do of a run onto photographs: the store says what is there, the journal what found no place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from firstshift.core.errors import BadInput
from firstshift.line.synth.journal import Journal, Tally
from firstshift.line.synth.onto_assigning import Wish, assigned
from firstshift.line.synth.onto_order import OntoUnit, Photograph
from firstshift.line.synth.onto_painting import OntoPainter
from firstshift.line.synth.recording import FOLDER
from firstshift.line.synth.report import Told, tallied
from firstshift.line.synth.standing import Standing
from firstshift.store.workspace import Workspace

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class OntoWork:
    painter: OntoPainter
    journal: Journal
    standing: Standing
    left: list[OntoUnit]
    again: bool
    known: int
    """Images of what is asked for that are kept."""
    retired: int

    @classmethod
    def of(cls, ws: Workspace, painter: OntoPainter, photographs: dict[str, str], again: bool) -> OntoWork:
        settings = painter.settings
        classes = painter.classes.asked(settings.classes)
        journal = Journal(ws.folder / FOLDER / f"{painter.run}.json", painter.run)
        named = [entry.class_name for entry in painter.stage.plan.defects]
        standing = Standing()
        for name in dict.fromkeys(named):
            _look_up(ws, standing, painter, name, settings.per_defect, journal)
        taken = {(kind, number): image for kind, found in journal.nowhere.items() for number, image in found.items()}
        placed = dict(_placed(ws, standing))
        wanted = assigned(list(photographs), classes, settings, taken | placed)
        asked = {wish for wish in placed if _is_asked(wish, placed[wish], photographs, classes, settings.per_defect)}
        gone = {wish for wish in asked if (_shot(painter, *wish), painter.channel) in standing.retired}
        for wish in sorted(gone) if again else ():
            if placed[wish] in photographs:
                wanted[placed[wish]] = (*wanted.get(placed[wish], ()), wish)
        left = [OntoUnit(Photograph(image, photographs[image], b""), wishes) for image, wishes in wanted.items()]
        return cls(painter, journal, standing, left, again, len(asked) - len(gone), len(gone))

    def tallies(self, ws: Workspace) -> dict[str, Tally]:
        """Of the whole run, as it is now."""
        standing = Standing()
        names = {kind for kind, _ in _wishes_in(self.standing)} | {kind for unit in self.left for kind, _ in unit.asked}
        for name in sorted(names | self.journal.nowhere.keys()):
            _look_up(ws, standing, self.painter, name, 0, self.journal)
        parts = {image: _wish(shot) for (shot, _), image in (standing.retired | standing.live).items()}
        labels = ws.labels.current(parts)
        said: list[Told] = [(part, labels[image].label if image in labels else None) for image, part in parts.items()]
        nowhere = [(kind, number) for kind, found in self.journal.nowhere.items() for number in found]
        return tallied(said, [*dict.fromkeys(parts.values()), *(one for one in nowhere if one not in parts.values())])


def _look_up(ws: Workspace, standing: Standing, painter: OntoPainter, name: str, least: int, journal: Journal) -> None:
    """All images of a class, numbers without gaps but for what found no place."""
    until = max(least, max(journal.nowhere.get(name, {}), default=-1) + 1)
    start = 0
    while True:
        found = Standing.of(ws, (_shot(painter, name, number) for number in range(start, start + AT_ONCE)))
        standing.live |= found.live
        standing.retired |= found.retired
        start += AT_ONCE
        if not len(found) and start >= until:
            return


def _placed(ws: Workspace, standing: Standing) -> Iterator[tuple[Wish, str]]:
    """The photograph of each wish that is recorded."""
    shots = {image: shot for (shot, _), image in (standing.retired | standing.live).items()}
    for image, record in ws.images.by_id(shots).items():
        yield _wish(shots[image]), str(record.capture.provenance["photograph"])


def _is_asked(
    wish: Wish, photograph: str, photographs: dict[str, str], classes: tuple[str, ...], per_defect: int
) -> bool:
    """Among what this call asks for: so many of each class, or what these photographs have."""
    return wish[0] in classes and (wish[1] < per_defect if per_defect else photograph in photographs)


def _shot(painter: OntoPainter, kind: str, number: int) -> str:
    return f"onto/{painter.run}/{kind}/{number:07d}"


def _wishes_in(standing: Standing) -> Iterator[Wish]:
    return (_wish(shot) for shot, _ in (*standing.live, *standing.retired))


def _wish(shot: str) -> Wish:
    try:
        _, _, kind, number = shot.split("/")
        return kind, int(number)
    except ValueError as error:
        raise BadInput(where="shot", expected="onto/RUN/CLASS/NUMBER", found=shot) from error

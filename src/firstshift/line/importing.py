"""Import: another tool's data set into the workspace, images and labels together, nothing twice.

    report = import_dataset(ws, Path("line4.zip"), station="cell-3")

With `on_problem="stop"` (the default) everything is checked first: names, labels, and every image decoded in full. One
bad entry, and nothing at all is written: no row, no event, no blob. Only then are the images recorded, in batches; each
batch is durable when it is acknowledged, and what the check has decoded is not decoded again. (A file that changes or
vanishes between the two passes is listed in the report's problems.) With `on_problem="skip"` there is one pass: bad
entries are listed and leave no trace, the others are imported.

Killed or cancelled half-way, the same call goes on: the bytes of each file are hashed, and an image that is here under
the same name with the same capture is neither decoded nor recorded again. A label is recorded once however often it is
imported, and a label of a higher level (an engineer's, say) is never buried under an imported one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from firstshift.core.capture import Capture, Origin
from firstshift.core.errors import BadInput, FirstshiftError, NotFound
from firstshift.core.hashing import content_hash
from firstshift.core.label import CLASS_NAME, Level
from firstshift.core.progress import Progress, Silent
from firstshift.formats.record import Loss, Losses, Reading, ReadOptions, Record
from firstshift.formats.registry import detect_format, read_dataset
from firstshift.line.import_report import SAME_BYTES, ImportReport
from firstshift.line.imported import SET_BY_HAND, Setting, capture_of, classes_fit, identity, imported_of
from firstshift.store.images import Examined, ImageRecord, NewImage
from firstshift.store.labels import NewLabel, label_body
from firstshift.store.workspace import Workspace

BATCH = 64
BATCH_BYTES = 128 * 2**20
"""A batch is cut earlier when its files are large: it is held in memory."""
THREADS = 4
OTHER_SPLIT = "split differs from the one recorded before, which stays"
OTHER_SETTING = "{} differs from the one recorded before, which stays"
SAID_BEFORE = "label left out: it was imported before, and another one since stands"
RETIRED = "its pixels were given up by a retention rule and are not kept again"
OUTRANKED = "label left out: one of a higher level stands"

OnProblem = Literal["stop", "skip"]


def import_dataset(
    ws: Workspace,
    source: str | Path,
    *,
    format_name: str | None = None,
    options: ReadOptions | None = None,
    on_problem: OnProblem | None = None,
    author: str | None = None,
    level: Level = Level.IMPORTED,
    reason: str = "",
    station: str | None = None,
    lot: str | None = None,
    origin: Origin = Origin.REAL,
    split_as: str | None = None,
    progress: Progress | None = None,
    batch: int = BATCH,
) -> ImportReport:
    """A folder, an archive or a label file. The format is recognised unless it is named. `split_as` replaces the data
    set's own splits; `station`, `lot` and `origin` hold for all images that do not say otherwise themselves.

    To cancel, let `progress.advance` raise `Cancelled`: what is acknowledged stays, and the same call goes on.
    """
    job = _job(ws, source, format_name, options, on_problem, split_as)
    job.batch = batch
    job.setting = replace(job.setting, station=station, lot=lot, origin=origin)
    looks: dict[str, Examined] = {}
    if job.options.on_problem == "stop":
        looks = _checked(ws, job, progress or Silent())
    began = time.monotonic()
    who = author or ws.actor
    tally = _Tally()
    with _opened(job) as reading:
        for entries in _batches(reading, job, tally, progress or Silent(), "importing"):
            _record(ws, entries, looks, tally, _Labelling(who, level, reason))
        return _report(job, reading, tally, time.monotonic() - began)


def check_dataset(
    ws: Workspace,
    source: str | Path,
    *,
    format_name: str | None = None,
    options: ReadOptions | None = None,
    station: str | None = None,
    lot: str | None = None,
    origin: Origin = Origin.REAL,
    split_as: str | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """What an import with the same arguments would find, with every problem; writes nothing. `labels` is 0."""
    job = _job(ws, source, format_name, options, "skip", split_as)
    job.setting = replace(job.setting, station=station, lot=lot, origin=origin)
    began = time.monotonic()
    tally = _Tally()
    with _opened(job) as reading:
        for batch in _batches(reading, job, tally, progress or Silent(), "checking"):
            _look(ws, batch, {}, tally)
        return _report(job, reading, tally, time.monotonic() - began)


@dataclass(slots=True)
class _Job:
    path: Path
    format: str
    why: str
    options: ReadOptions
    setting: Setting
    batch: int = BATCH


@dataclass(slots=True)
class _Tally:
    images: int = 0
    new: int = 0
    known: int = 0
    labels: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    problems: list[FirstshiftError] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)
    notes: Losses = field(default_factory=Losses)
    classes: set[str] = field(default_factory=set)
    met: set[tuple[str | None, str]] = field(default_factory=set)
    claimed: set[str] = field(default_factory=set)
    """Images that an entry of this data set has been found to be."""
    first_source: dict[str, str] = field(default_factory=dict)
    """By content: where these bytes were met first."""


@dataclass(slots=True)
class _Entry:
    record: Record
    data: bytes
    content: str
    capture: Capture
    known: ImageRecord | None = None
    examined: Examined | None = None


@dataclass(frozen=True, slots=True)
class _Labelling:
    author: str
    level: Level
    reason: str

    def of(self, record: Record) -> NewLabel | None:
        return None if record.label is None else NewLabel(record.label, self.author, self.level, self.reason)


def _job(
    ws: Workspace,
    source: str | Path,
    format_name: str | None,
    options: ReadOptions | None,
    on_problem: OnProblem | None,
    split_as: str | None,
) -> _Job:
    path = Path(source)
    if not path.exists():
        raise NotFound("no such folder or file", where=path)
    if path.resolve() == ws.folder.resolve() or ws.folder.resolve() in path.resolve().parents:
        raise BadInput(where=path, expected="a data set outside the workspace", found=f"a place in {ws.folder}")
    if split_as is not None and not CLASS_NAME.fullmatch(split_as):
        raise BadInput(where="split", expected="a name such as train, val, test", found=repr(split_as))
    chosen = options or ReadOptions()
    if on_problem is not None:
        chosen = replace(chosen, on_problem=on_problem)
    guess = detect_format(path) if format_name is None else None
    name = guess.format if guess else str(format_name)
    return _Job(path, name, guess.why if guess else "named", chosen, Setting(name, split=split_as))


@contextmanager
def _opened(job: _Job) -> Iterator[Reading]:
    """Bad entries are counted here, not raised in the middle: `stop` has checked all of them before."""
    with read_dataset(job.path, replace(job.options, on_problem="skip"), format_name=job.format) as reading:
        if reading.count == 0 and not reading.problems:
            raise BadInput(where=job.path, expected=f"images in the format {job.format}", found="none")
        job.setting = replace(job.setting, classes=tuple(reading.classes))
        yield reading


def _checked(ws: Workspace, job: _Job, progress: Progress) -> dict[str, Examined]:
    """Everything is looked at and nothing written; the first problem is raised with the number of the others."""
    looks: dict[str, Examined] = {}
    tally = _Tally()
    with _opened(job) as reading:
        for batch in _batches(reading, job, tally, progress, "checking"):
            _look(ws, batch, looks, tally)
        problems = [*reading.problems, *tally.problems]
    if problems:
        first, others = problems[0], len(problems) - 1
        more = f"{others} more {'entry is' if others == 1 else 'entries are'} bad as well; " if others else ""
        way_out = f"{more}nothing was imported; mend it, or skip what is bad (on_problem 'skip')"
        raise BadInput(
            first.what,
            where=first.where,
            expected=first.expected,
            found=first.found,
            way_out=f"{first.way_out}; {way_out}" if first.way_out else way_out,
        ) from first
    return looks


def _batches(reading: Reading, job: _Job, tally: _Tally, progress: Progress, what: str) -> Iterator[list[_Entry]]:
    """Entries with their bytes read and hashed. Progress moves on when the batch was dealt with."""
    progress.start(f"{what} {job.format}", reading.count)
    try:
        batch: list[_Entry] = []
        size = 0
        for record in reading.records:
            try:
                batch.append(_entry(record, job, tally))
            except (BadInput, NotFound) as error:
                tally.problems.append(error)
                continue
            size += len(batch[-1].data)
            if len(batch) >= job.batch or size >= BATCH_BYTES:
                yield batch
                progress.advance(len(batch), record.source)
                batch, size = [], 0
        if batch:
            yield batch
            progress.advance(len(batch), batch[-1].record.source)
    finally:
        progress.finish()


def _entry(record: Record, job: _Job, tally: _Tally) -> _Entry:
    if (record.split, record.source) in tally.met:
        raise BadInput(where=record.source, expected="each image once", found="the same name twice")
    tally.met.add((record.split, record.source))
    capture = capture_of(record, job.setting, tally.losses)
    if record.label is not None:
        try:
            label_body(record.label)
        except BadInput as error:
            where = f"{record.source}: {error.where}"
            raise BadInput(where=where, expected=error.expected, found=error.found) from error
    data = record.read_bytes()
    return _Entry(record, data, content_hash(data), capture)


def _look(ws: Workspace, batch: list[_Entry], looks: dict[str, Examined], tally: _Tally) -> list[_Entry]:
    """Says of each entry whether it is here already, and decodes those that are not; the bad ones are left out."""
    here = ws.images.by_content(entry.content for entry in batch)
    for entry in batch:
        entry.known = _match(entry, here.get(entry.content, ()), tally.claimed)
        if entry.known is not None:
            tally.claimed.add(entry.known.id)
    fresh = [entry for entry in batch if entry.known is None and entry.content not in looks]
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda entry: _examined(ws, entry), fresh))
    bad = set()
    for entry, result in zip(fresh, found, strict=True):
        if isinstance(result, FirstshiftError):
            tally.problems.append(result)
            bad.add(id(entry))
        else:
            looks[entry.content] = result
    good = [entry for entry in batch if id(entry) not in bad]
    for entry in good:
        entry.examined = looks.get(entry.content)
        _note(entry, here.get(entry.content, ()), tally)
    return good


def _examined(ws: Workspace, entry: _Entry) -> Examined | FirstshiftError:
    try:
        return ws.images.examine(entry.data, entry.record.source)
    except BadInput as error:
        return error


def _match(entry: _Entry, here: Iterable[ImageRecord], claimed: set[str]) -> ImageRecord | None:
    """The image that this entry was imported as before: exactly, or with another split or list of classes since."""
    mine = identity(entry.content, entry.capture)
    same = [image for image in here if image.id not in claimed and identity(image.content, image.capture) == mine]
    exact = [image for image in same if image.capture == entry.capture]
    return next(iter(exact or same), None)


def _note(entry: _Entry, here: Iterable[ImageRecord], tally: _Tally) -> None:
    tally.images += 1
    tally.classes.update(entry.record.label.classes if entry.record.label else ())
    split = imported_of(entry.capture).split
    tally.splits[split or "none"] += 1
    source = entry.record.source
    if entry.known is None:
        tally.new += 1
        other = tally.first_source.get(entry.content) or next((i.capture.source or i.id for i in here), None)
        if other is not None:
            tally.notes.add(SAME_BYTES, f"{source} = {other}")
    else:
        tally.known += 1
        if imported_of(entry.known.capture).split != split:
            tally.notes.add(OTHER_SPLIT, source)
        for name in SET_BY_HAND:
            if getattr(entry.known.capture, name) != getattr(entry.capture, name):
                tally.notes.add(OTHER_SETTING.format(name), source)
    tally.first_source.setdefault(entry.content, source)
    if entry.examined is not None and entry.examined.facts.note:
        tally.notes.add(entry.examined.facts.note, source)


def _record(ws: Workspace, batch: list[_Entry], looks: dict[str, Examined], tally: _Tally, label: _Labelling) -> None:
    good = _look(ws, batch, looks, tally)
    fresh = [entry for entry in good if entry.known is None]
    new = [NewImage(e.data, e.capture, label.of(e.record), e.record.source, e.examined) for e in fresh]
    for record in ws.images.add_many(new, batch=max(1, len(new)), threads=THREADS):
        tally.claimed.add(record.id)
        if not record.is_new:  # somebody else imported it since we looked
            tally.new, tally.known = tally.new - 1, tally.known + 1
        tally.labels += record.is_labelled
    for entry in fresh:
        looks.pop(entry.content, None)
    known: dict[str, _Entry] = {entry.known.id: entry for entry in good if entry.known is not None}
    for image in sorted(ws.images.retired_among(list(known))):
        tally.notes.add(RETIRED, known[image].record.source)
    tally.labels += _label_known(ws, list(known.values()), label, tally)


def _label_known(ws: Workspace, known: list[_Entry], label: _Labelling, tally: _Tally) -> int:
    histories = ws.labels.histories(entry.known.id for entry in known if entry.known)
    ranks = {level: rank for rank, level in enumerate(Level)}
    said: list[tuple[str, NewLabel]] = []
    for entry in known:
        new = label.of(entry.record)
        if new is None or entry.known is None:
            continue
        history = histories.get(entry.known.id, [])
        # Whoever imported it first, the same label at the same level is not said twice.
        if any(old.level is new.level and old.label == new.label for old in history):
            if history[-1].label != new.label:
                tally.notes.add(SAID_BEFORE, entry.record.source)
            continue
        if history and ranks[history[-1].level] > ranks[new.level]:
            tally.notes.add(OUTRANKED, entry.record.source)
            continue
        said.append((entry.known.id, new))
    return ws.labels.add_batch(said)


def _report(job: _Job, reading: Reading, tally: _Tally, seconds: float) -> ImportReport:
    losses = [*reading.losses, *tally.losses]
    if reading.extra_files:
        examples = tuple(reading.extra_files[:5])
        losses.append(Loss("files this format has no place for", len(reading.extra_files), examples))
    if not classes_fit(job.setting.classes):
        losses.append(Loss("order of the classes (the list is too long)", len(job.setting.classes), ()))
    return ImportReport(
        source=str(job.path),
        format=job.format,
        why=job.why,
        images=tally.images,
        new=tally.new,
        known=tally.known,
        labels=tally.labels,
        splits=dict(sorted(tally.splits.items())),
        classes=tuple(dict.fromkeys((*reading.classes, *sorted(tally.classes)))),
        problems=(*reading.problems, *tally.problems),
        losses=tuple(losses),
        notes=(*reading.notes, *tally.notes),
        seconds=seconds,
    )

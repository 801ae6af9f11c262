"""Data sets as people speak of them: freeze one, and say what is in it.

    frozen = snapshot_dataset(ws, "line4-v1", plan)                    # a split plan, a query, image ids, or everything
    stats = dataset_stats(ws, snapshot="line4-v1")

What may not be in a training snapshot is left out here by itself and counted: golden images, other images with a golden
one's pixels or serial, what was made from a golden one, and images of which nobody could tell what they show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.label import Verdict
from firstshift.line.exporting import WHOLE
from firstshift.line.imported import imported_of
from firstshift.line.selecting import Selection, paged, select_ids
from firstshift.line.splitting import GOLDEN, UNSURE, WITH_GOLDEN, SplitPlan
from firstshift.store.images import ImageRecord
from firstshift.store.labels import LabelRecord
from firstshift.store.search import Query
from firstshift.store.snapshots import EVALUATE, TRAIN, SnapshotRecord
from firstshift.store.workspace import Workspace

GOLDEN_TWIN = "has the pixels of a golden image"
FROM_GOLDEN = "was made from a golden image"
UNLABELLED = "has no label"


@dataclass(frozen=True, slots=True)
class FrozenDataset:
    snapshot: SnapshotRecord
    left_out: dict[str, tuple[str, ...]]
    """Reason → images that were asked for and are not in it."""

    def to_json(self) -> dict[str, Any]:
        left_out = {reason: len(ids) for reason, ids in self.left_out.items()}
        return {**self.snapshot.to_json(), "left_out": left_out}


def snapshot_dataset(
    ws: Workspace,
    name: str,
    chosen: SplitPlan | Mapping[str, str] | Selection = None,
    *,
    purpose: str = TRAIN,
    labelled_only: bool = False,
    selection: Mapping[str, Any] | None = None,
    note: str = "",
    author: str | None = None,
) -> FrozenDataset:
    """Freeze images with their labels as they are now. Sides come from the split plan (or a mapping of image to side);
    without one, from the import, and images that came without a split are in `all`. How they were chosen is kept with
    the snapshot; `selection` adds to that."""
    if purpose not in (TRAIN, EVALUATE):
        raise BadInput(where="snapshot purpose", expected=f"{TRAIN} or {EVALUATE}", found=purpose)
    left_out: dict[str, list[str]] = {}
    how: dict[str, Any] = {"labelled_only": labelled_only, **(selection or {})}
    sides: Mapping[str, str] | None = None
    meant: Selection
    if isinstance(chosen, SplitPlan):
        how |= chosen.selection()
        left_out = {reason: list(ids) for reason, ids in chosen.left_out.items()}
        meant = sides = chosen.sides
    elif isinstance(chosen, Mapping):
        meant = sides = chosen
    else:
        meant = chosen
    if isinstance(chosen, Query):
        told = {k: v for k, v in asdict(chosen).items() if v is not None and k not in ("limit", "cursor")}
        how["query"] = {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in told.items()}
    ids = select_ids(ws, meant)
    kept: dict[str, str] = {}
    golden = _golden(ws) if purpose == TRAIN else _Golden()
    for image, said in _with_labels(ws, ids):
        reason = _reason(image, said, golden, purpose, labelled_only)
        if reason is not None:
            left_out.setdefault(reason, []).append(image.id)
        else:
            kept[image.id] = sides[image.id] if sides is not None else imported_of(image.capture).split or WHOLE
    if not kept:
        found = "; ".join(f"{len(gone)}: {reason}" for reason, gone in left_out.items()) or "none"
        raise BadInput(where=f"snapshot {name!r}", expected="at least one image that may be in it", found=found)
    made = ws.snapshots.create(name, kept, purpose=purpose, selection=how, note=note, author=author)
    return FrozenDataset(made, {reason: tuple(gone) for reason, gone in left_out.items()})


@dataclass(frozen=True, slots=True)
class _Golden:
    ids: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()
    serials: frozenset[str] = frozenset()


def _golden(ws: Workspace) -> _Golden:
    found = list(ws.images.all(Query(golden=True, limit=500)))
    return _Golden(
        ids=frozenset(image.id for image in found),
        contents=frozenset(image.content for image in found),
        serials=frozenset(image.capture.serial for image in found if image.capture.serial is not None),
    )


def _with_labels(ws: Workspace, ids: list[str]) -> Iterator[tuple[ImageRecord, LabelRecord | None]]:
    for page in paged(ids):
        images, labels = ws.images.by_id(page), ws.labels.current(page)
        yield from ((images[image], labels.get(image)) for image in page)


def _reason(
    image: ImageRecord, said: LabelRecord | None, golden: _Golden, purpose: str, labelled_only: bool
) -> str | None:
    """Why an image may not be in the snapshot; None when it may."""
    if said is None and labelled_only:
        return UNLABELLED
    if purpose == TRAIN:
        if image.golden:
            return GOLDEN
        if image.content in golden.contents:
            return GOLDEN_TWIN
        if image.capture.serial in golden.serials:
            return WITH_GOLDEN
        if not golden.ids.isdisjoint(image.capture.parents):
            return FROM_GOLDEN
        if said is not None and said.label.verdict is Verdict.UNSURE:
            return UNSURE
    return None

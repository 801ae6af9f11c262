"""Which images are meant: a snapshot, a query, a list of ids, or all of them. Retired images have no pixels to give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from firstshift.core.errors import BadInput, NotFound
from firstshift.store.images import ImageRecord
from firstshift.store.labels import LabelRecord
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace

PAGE = 500
Selection = Query | Iterable[str] | None
"""A query, image ids, or None for everything."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An image with the label it has here and the side it is on."""

    image: ImageRecord
    label: LabelRecord | None
    split: str | None


def select_ids(ws: Workspace, selection: Selection) -> list[str]:
    """In the order in which the images were recorded, each once, retired ones left out."""
    if selection is None or isinstance(selection, Query):
        query = replace(selection or Query(), limit=PAGE, retired=False)
        numbered = [(image.event_seq, image.id) for image in ws.images.all(query)]
    else:
        wanted = list(dict.fromkeys(selection))
        found = ws.images.by_id(wanted)
        if missing := [image for image in wanted if image not in found]:
            raise NotFound("no such image", where="images", found=missing[0])
        numbered = [(image.event_seq, image.id) for image in found.values()]
    return [image for _, image in sorted(numbered)]


def chosen_by(ws: Workspace, selection: Selection) -> Iterator[Chosen]:
    """With the labels as they are now; a page at a time, so that a million images fit in memory."""
    for page in paged(select_ids(ws, selection)):
        images, labels = ws.images.by_id(page), ws.labels.current(page)
        yield from (Chosen(images[image], labels.get(image), None) for image in page)


def chosen_in(ws: Workspace, snapshot: str) -> Iterator[Chosen]:
    """With the labels and the splits as the snapshot froze them, in the order in which the images were recorded."""
    items = {item.image: item for item in ws.snapshots.items(snapshot)}
    for page in paged(_by_age(ws, items)):
        images = ws.images.by_id(page)
        labels = ws.labels.by_id(label for image in page if (label := items[image].label))
        yield from (Chosen(images[i], labels.get(items[i].label or ""), items[i].split) for i in page)


def choose(ws: Workspace, snapshot: str | None, selection: Selection) -> Iterator[Chosen]:
    if snapshot is not None and selection is not None:
        raise BadInput(where="images", expected="a snapshot or a search, not both", found=f"{snapshot!r} and a search")
    return chosen_in(ws, snapshot) if snapshot is not None else chosen_by(ws, selection)


def chosen_ids(ws: Workspace, snapshot: str | None, selection: Selection) -> list[str]:
    if snapshot is None:
        return select_ids(ws, selection)
    return _by_age(ws, (item.image for item in ws.snapshots.items(snapshot)))


def count_chosen(ws: Workspace, snapshot: str | None, selection: Selection) -> int:
    if snapshot is not None:
        return ws.snapshots.get(snapshot).image_count
    if selection is None or isinstance(selection, Query):
        return ws.images.count(replace(selection or Query(), retired=False))
    return len(select_ids(ws, selection))


def paged(ids: Iterable[str], size: int = PAGE) -> Iterator[list[str]]:
    rest = iter(ids)
    while page := list(islice(rest, size)):
        yield page


def _by_age(ws: Workspace, ids: Iterable[str]) -> list[str]:
    numbered: list[tuple[int, str]] = []
    for page in paged(ids):
        numbered += [(image.event_seq, image.id) for image in ws.images.by_id(page).values()]
    return [image for _, image in sorted(numbered)]

"""Which blobs are needed: the pixels of every image that was not retired, the manifest of every snapshot, and every
file that images were made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from firstshift.store.tables import images, kept_files, retirements, snapshots

CHUNK = 1_000

live_images = images.outerjoin(retirements, retirements.c.image_id == images.c.id)
"""Join for queries about pixels; take the rows where `is_live`."""
is_live = retirements.c.image_id.is_(None)
_ALWAYS_NEEDED = (snapshots.c.manifest, kept_files.c.content)


def needed_among(connection: sa.Connection, contents: Sequence[str]) -> set[str]:
    """Those of `contents` that some record needs."""
    needed: set[str] = set()
    for start in range(0, len(contents), CHUNK):
        chunk = contents[start : start + CHUNK]
        pixels = sa.select(images.c.content).select_from(live_images).where(is_live, images.c.content.in_(chunk))
        needed.update(connection.execute(pixels).scalars())
        for column in _ALWAYS_NEEDED:
            needed.update(connection.execute(sa.select(column).where(column.in_(chunk))).scalars())
    return needed


def recorded_among(connection: sa.Connection, contents: Sequence[str]) -> set[str]:
    """Those of `contents` that some record names, be it retired."""
    found: set[str] = set()
    for column in (images.c.content, *_ALWAYS_NEEDED):
        found.update(connection.execute(sa.select(column).where(column.in_(contents))).scalars())
    return found


def needed_in_range(connection: sa.Connection, after: int, until: int, as_of: int) -> dict[str, int | None]:
    """The blobs of the rows that the events in (after, until] recorded, as the workspace was at event `as_of`, with
    the size each must have where a row says it."""
    was_live = sa.or_(is_live, retirements.c.event_seq > as_of)
    pixels = (
        sa.select(images.c.content, images.c.size)
        .select_from(live_images)
        .where(was_live, images.c.event_seq > after, images.c.event_seq <= until)
    )
    manifests = sa.select(snapshots.c.manifest).where(snapshots.c.event_seq > after, snapshots.c.event_seq <= until)
    files = sa.select(kept_files.c.content, kept_files.c.size).where(
        kept_files.c.event_seq > after, kept_files.c.event_seq <= until
    )
    found: dict[str, int | None] = {
        row.content: row.size for query in (pixels, files) for row in connection.execute(query)
    }
    return found | dict.fromkeys(connection.execute(manifests).scalars())


def ranges(after: int, until: int, step: int) -> Iterator[tuple[int, int]]:
    """(after, until] in pieces."""
    while after < until:
        end = min(after + step, until)
        yield after, end
        after = end

"""What is recorded of given shots: which exposures, and whether their pixels are still kept.

Looked up by whole shots, never by how they begin: a database sorts text as its collation says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa

from firstshift.db.engine import Database
from firstshift.store.references import live_images
from firstshift.store.tables import images, retirements

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Exposure:
    image: str
    shot: str
    channel: str | None
    is_retired: bool


def recorded_shots(database: Database, shots: Iterable[str]) -> Iterator[Exposure]:
    """In no particular order of the shots; several images of one exposure come oldest first."""
    waiting = iter(shots)
    while some := list(islice(waiting, _AT_ONCE)):
        query = (
            sa.select(images.c.id, images.c.shot, images.c.channel, retirements.c.image_id.label("retired"))
            .select_from(live_images)
            .where(images.c.shot.in_(some))
            .order_by(images.c.event_seq)
        )
        with database.reading() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield Exposure(row.id, row.shot, row.channel, row.retired is not None)

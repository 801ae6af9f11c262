"""docs/architecture.md, the import contracts and the folders on disk say the same about who may import whom."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations
from pathlib import Path

from tests.contracts import house


def test_every_room_on_disk_is_on_the_page_and_the_other_way_round() -> None:
    assert house.rooms_on_disk() == set(house.built_rooms()), "add the room to (or remove it from) docs/architecture.md"


def test_planned_rooms_are_not_built_and_have_their_place_reserved() -> None:
    planned = house.planned_rooms()
    assert not planned & house.rooms_on_disk(), "move the room to the table of built rooms"
    reserved = {room for layer in house.layers() for room in layer}
    assert reserved == planned | set(house.built_rooms())


def test_the_table_is_what_the_contracts_enforce() -> None:
    """For every two rooms: the page allows the import exactly when no contract forbids it."""
    rooms, forbidden = house.built_rooms(), house.forbidden_pairs()
    allowed_by_page = {(room, other) for room, others in rooms.items() for other in others}
    allowed_by_contracts = {pair for pair in permutations(rooms, 2) if pair not in forbidden}
    assert sorted(allowed_by_page) == sorted(allowed_by_contracts)


def test_the_diagram_shows_the_same_rooms_in_the_same_order() -> None:
    shown = house.diagram_rooms()
    height = {room: depth for depth, layer in enumerate(house.layers()) for room in layer}
    assert set(shown) == set(house.built_rooms())
    assert [height[room] for room in shown] == sorted(height[room] for room in shown), "the diagram points upwards"


def test_the_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=house.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout

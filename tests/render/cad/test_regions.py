"""Regions of the plan on the mesh: by body, face, direction and box; areas against geometry."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Mesh
from firstshift.render.cad.clipping import areas_in_box
from firstshift.render.cad.reading import flat_mesh, read_part
from firstshift.render.cad.regions import inspectable_area_mm2, masks_slowly, region_masks, require_area
from firstshift.spec.part import Part
from tests.render.cad.parts import FILES, example, fixture, part_of

UPWARDS = {"direction": [0, 0, 2], "within_deg": 5}


def plate(*regions: dict[str, Any], **more: Any) -> tuple[Part, Mesh]:
    part = part_of("bored_plate.step", (40, 30, 10), regions=regions, **more)
    return part, fixture("bored_plate", 40, 30, 10)


def centres(mesh: Mesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    facet = mesh.area_vectors / np.linalg.norm(mesh.area_vectors, axis=1, keepdims=True)
    return np.arange(len(mesh.triangles)), mesh.corners_mm.mean(axis=1), facet


def test_without_regions_everything_is_inspected() -> None:
    part, mesh = plate()
    masks = region_masks(part, mesh, np.array([0, 5, -1]), np.zeros((3, 3)), np.zeros((3, 3)))
    assert masks.tolist() == [[True, True, False]]
    whole = float(np.linalg.norm(mesh.area_vectors, axis=1).sum())
    assert inspectable_area_mm2(part, mesh) == {"": pytest.approx(whole)}


def test_areas_are_those_of_the_solid() -> None:
    # Chords of 8° and 0.01 mm make a hole's polygon smaller by less than 0.2 %.
    part, mesh = plate(
        {"name": "up", "facing": UPWARDS},
        {"name": "top", "facing": UPWARDS, "box": {"from_mm": [-20, -15, 8], "to_mm": [20, 15, 8]}},
        {"name": "right half", "facing": UPWARDS, "box": {"from_mm": [5, -15, 8], "to_mm": [20, 15, 8]}},
        {"name": "bore", "box": {"from_mm": [0, -5, 2], "to_mm": [10, 5, 6]}},
    )
    areas = require_area(part, mesh)
    top = 40 * 30 - math.pi * (25 + 9 + 16)
    assert areas["up"] == pytest.approx(top + math.pi * (9 + 16), abs=0.3)
    assert areas["top"] == pytest.approx(top, abs=0.3)
    assert areas["right half"] == pytest.approx(15 * 30 - math.pi * 25 / 2, abs=0.3)
    assert areas["bore"] == pytest.approx(math.pi * 10 * 4, rel=2e-3)


def test_a_point_is_in_every_region_whose_rules_all_hold() -> None:
    part, mesh = plate(
        {"name": "up", "facing": UPWARDS},
        {"name": "left", "box": {"from_mm": [-20, -15, 0], "to_mm": [0, 15, 10]}},
        {"name": "up left", "facing": UPWARDS, "box": {"from_mm": [-20, -15, 0], "to_mm": [0, 15, 10]}},
        {"name": "nearly all", "facing": {"direction": [0, 0, 1], "within_deg": 179}},
        {"name": "all", "facing": {"direction": [0, 0, 1], "within_deg": 180}},
    )
    triangle, centre, facet = centres(mesh)
    up, left, both, nearly, every = region_masks(part, mesh, triangle, centre, facet)
    assert (both == (up & left)).all()
    assert 0 < both.sum() < min(up.sum(), left.sum())
    assert (up == (facet[:, 2] > 0.999)).all()
    assert (~nearly == (facet[:, 2] < -0.999)).all()
    assert every.all()


def test_faces_by_number_and_bodies_by_name() -> None:
    part = part_of(
        "assembly.step",
        (60, 40, 25),
        ("plate", "pin"),
        regions=[{"name": "pins", "body": "pin"}, {"name": "seventh", "face": "7"}],
    )
    mesh = read_part(part, FILES)
    areas = require_area(part, mesh)
    assert areas["pins"] == pytest.approx(2 * (2 * math.pi * 3 * 20 + 2 * math.pi * 9), rel=5e-3)
    assert areas["seventh"] == pytest.approx(2 * math.pi * 3 * 20, rel=5e-3)  # the wall of the first pin


def test_faces_of_a_flat_part_have_names() -> None:
    part = part_of(None, (30, 20, 2), regions=[{"name": "r", "face": "top"}])
    assert require_area(part, flat_mesh(part.size_mm, "it")) == {"r": pytest.approx(600)}


@pytest.mark.parametrize(
    ("region", "found", "way_out"),
    [
        ({"box": {"from_mm": [100, 0, 0], "to_mm": [200, 9, 9]}}, "none", "reaches from [-20, -15, 0"),
        ({"facing": {"direction": [1, 1, 1], "within_deg": 3}}, "none", "within_deg"),
        ({"face": "sealing face"}, "no face sealing face; there are 1, 2, 3", "region picture"),
        ({"facing": {"direction": [0, 0, -1]}}, "one that looks away from it (up is +z)", "placement.up"),
    ],
)
def test_a_region_without_area_is_refused(region: dict[str, Any], found: str, way_out: str) -> None:
    part, mesh = plate({"name": "good", "facing": UPWARDS}, {"name": "bad", **region})
    with pytest.raises(BadInput) as caught:
        require_area(part, mesh)
    assert caught.value.where == "part.regions[1] (bad)"
    assert found in caught.value.found
    assert way_out in caught.value.way_out


def test_looking_away_depends_on_which_side_is_up() -> None:
    part, mesh = plate({"name": "under", "facing": {"direction": [0, 0, -1]}}, placement={"up": "-z"})
    assert require_area(part, mesh)["under"] == pytest.approx(1200 - math.pi * 25, abs=0.3)


@pytest.mark.parametrize("name", ["bracket", "cap", "fitting", "strip"])
def test_every_region_of_the_examples_can_be_inspected(name: str) -> None:
    part, mesh = example(name)
    areas = require_area(part, mesh)
    assert list(areas) == [region.name for region in part.regions]
    assert min(areas.values()) > 10


def test_clipped_areas_agree_with_random_points() -> None:
    random = np.random.default_rng(7)
    corners = random.normal(size=(40, 3, 3))
    low, high = np.array([-0.6, -0.4, -0.8]), np.array([0.5, 0.9, 0.3])
    exact = areas_in_box(corners, low, high)
    points = 40_000
    weights = random.dirichlet((1, 1, 1), points)
    inside = np.einsum("pc,tcj->tpj", weights, corners)
    share = ((inside >= low) & (inside <= high)).all(axis=2).mean(axis=1)
    whole = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    spread = whole * np.sqrt(np.maximum(share * (1 - share), 1 / points) / points)
    assert (np.abs(exact - share * whole) < 4.5 * spread).all()  # 40 comparisons: 4.5 sigma fails once in 4,000 seeds
    assert exact.sum() > 1


def test_masks_do_not_depend_on_how_far_the_part_is_from_its_origin(tmp_path: Path) -> None:
    part = part_of(
        None, (30, 20, 2), regions=[{"name": "r", "box": {"from_mm": [1e5 - 15, -10, 0], "to_mm": [1e5, 10, 0]}}]
    )
    mesh = flat_mesh(part.size_mm, "it").moved(np.eye(3), np.array([1e5, 0.0, 0.0]))
    points = np.array([[1e5 - 5, 0, 0], [1e5 + 5, 0, 0]], dtype=np.float32)
    masks = region_masks(part, mesh, np.array([0, 0]), points, np.array([[0, 0, 1.0]] * 2))
    assert masks.tolist() == [[True, False]]
    assert inspectable_area_mm2(part, mesh)["r"] == pytest.approx(300, rel=1e-2)


def test_the_kernel_chooses_as_its_readable_twin_does() -> None:
    part, mesh = plate(
        {"name": "up", "facing": UPWARDS},
        {"name": "left", "facing": UPWARDS, "box": {"from_mm": [-20, -15, 8], "to_mm": [0, 15, 8]}},
        {"name": "bore", "box": {"from_mm": [0, -5, 2], "to_mm": [10, 5, 6]}},
    )
    triangle, centre, facet = centres(mesh)
    random = np.random.default_rng(3)
    which = random.integers(-1, len(triangle), 4000)
    local = (centre[which] + random.normal(0, 2, (4000, 3))).astype(np.float32)
    facets = facet[which].astype(np.float32)
    fast = region_masks(part, mesh, which, local, facets)
    assert 100 < fast.sum() < fast.size
    np.testing.assert_array_equal(fast, masks_slowly(part, mesh, which, local, facets))

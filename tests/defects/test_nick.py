"""Dents that reach an edge: what they cut out of it, what stands out, and when they leave it alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from firstshift.core.imprint import Edge, Ground, Imprint
from firstshift.core.seed import Seed
from firstshift.defects.dent import DentFlaw
from firstshift.defects.draw import draw_flaw
from firstshift.defects.nick import SCOOP, read
from firstshift.defects.solids import volume_mm3
from tests.defects.entries import entry_of, ground


def beside_edge(away_mm: float, fall_deg: float = 90.0, **more: Any) -> Ground:
    u = np.linspace(-10, 10, 41).astype(np.float32)
    return replace(ground(0.03, **more), edge=Edge(u, np.full_like(u, away_mm), fall_deg, 4.0))


def dent(on: Ground, number: int, **changes: Any) -> Imprint:
    entry = entry_of(DentFlaw(), **{"size_mm": [1.0, 2.0], "depth_um": [50, 120], **changes})
    return draw_flaw(entry, on, 4, Seed(number))


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("fall_deg", [90.0, 45.0])
def test_a_dent_on_an_edge_cuts_it_and_presses_out_a_lip(number: int, fall_deg: float) -> None:
    imprint = dent(beside_edge(0.0, fall_deg), number)
    cut, lip = imprint.solids
    assert (cut.is_added, lip.is_added) == (False, True)
    assert imprint.parameters["at_edge"] is True
    assert volume_mm3(cut.mesh) > 0
    assert volume_mm3(lip.mesh) > 0
    corner = np.array([0.0, np.sin(np.deg2rad(fall_deg)), np.cos(np.deg2rad(fall_deg))])
    assert (lip.mesh.vertices_mm @ corner).max() > 0.005, "nothing stands out over the other face"
    depth_mm = imprint.parameters["depth_um"] / 1000
    lowest = cut.mesh.vertices_mm[:, 2].min()
    assert -6 * depth_mm < lowest < -0.3 * depth_mm


@pytest.mark.parametrize("number", range(4))
def test_the_floor_of_the_cut_goes_on_where_the_dents_own_surface_ends(number: int) -> None:
    imprint = dent(beside_edge(0.2), number)
    if not imprint.solids:
        pytest.fail("a dent of 1 mm and more reaches an edge 0.2 mm away")
    assert imprint.height_mm is not None
    columns = 96
    bottom = imprint.solids[0].mesh.vertices_mm.reshape(2, -1, columns, 3)[1]
    start, first = bottom[1], bottom[2]  # row 0 is outside of the border
    layer = read(imprint.patch, imprint.height_mm, start[:, 0], start[:, 1])
    assert start[:, 2] == pytest.approx(layer, abs=1e-6)
    below = read(imprint.patch, imprint.height_mm, first[:, 0], first[:, 1]) - first[:, 2]
    fallen = read(imprint.patch, imprint.height_mm, bottom[34][:, 0], bottom[34][:, 1]) - bottom[34][:, 2]
    assert below == pytest.approx(fallen / 33**SCOOP, abs=1e-6), "it begins level with the dent"


def test_a_dent_that_does_not_reach_the_edge_leaves_it() -> None:
    assert not dent(beside_edge(4.5), 1).solids
    plain, near = dent(replace(ground(), edge=None), 1), dent(beside_edge(4.5), 1)
    assert plain.height_mm is not None
    assert near.height_mm is not None
    assert plain.height_mm.tobytes() == near.height_mm.tobytes()


def test_brittle_material_and_a_dent_without_a_rim_have_no_lip() -> None:
    assert len(dent(beside_edge(0.0, material="ceramic"), 1).solids) == 1
    assert len(dent(beside_edge(0.0), 1, rim=[0, 0]).solids) == 1

"""The reference through the station's lens: a mark on the part appears where the view projects it, to 0.05 px."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from firstshift.core.imprint import Patch
from firstshift.core.mesh import Mesh
from firstshift.render.reference.displaced import displaced
from firstshift.render.reference.lamps import shining
from firstshift.render.reference.seeing import traced_view
from firstshift.render.reference.tracing import Piece
from firstshift.render.view import Window, view_of
from firstshift.spec.lights import Dome
from firstshift.spec.plan import Plan
from firstshift.spec.station import Station

LIGHT = [(shining(Dome(kind="dome", name="d", diameter_mm=6000, opening_mm=1)), (1.0, 1.0, 1.0))]


def grey(value: float) -> dict[str, object]:
    return {"type": "diffuse", "reflectance": {"type": "rgb", "value": [value] * 3}}


def square(side_mm: float, x: float, y: float, z: float) -> Mesh:
    flat = displaced(Patch(side_mm / 2, side_mm / 2, 3, 3), np.zeros((3, 3), np.float32))
    return flat.moved(np.eye(3), np.array([x, y, z]))


def station_of(example: str) -> Station:
    folder = Path(str(resources.files("firstshift.spec") / "examples" / example))
    return Plan.load(folder / "plan.yaml").station


def middle_of(image: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Centre of mass of what is brighter than the black plane."""
    bright = image[..., 0].astype(np.float64)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return float((bright * columns).sum() / bright.sum()), float((bright * rows).sum() / bright.sum())


@pytest.mark.parametrize(
    ("example", "point", "side_mm"),
    [("bracket", (28.0, -21.0), 0.6), ("fitting", (-8.0, 7.0), 0.15), ("strip", (-120.0, 90.0), 1.2)],
)
def test_a_mark_appears_where_the_view_projects_it(example: str, point: tuple[float, float], side_mm: float) -> None:
    station = station_of(example)
    whole = view_of(station)
    x, y = whole.project(np.array([[*point, 0.0]]))[0]
    image_px = whole.optics.image_px
    view = view_of(station, window=Window.around(x, y, 48, 48, image_px))
    ground = Piece(square(400.0, 0, 0, -0.05), grey(0.0))
    # A white point so small that its projection is that of its middle.
    mark = Piece(square(side_mm, *point, 0.0), grey(1.0))
    image = traced_view([ground, mark], LIGHT, view, samples=256)
    assert middle_of(image) == pytest.approx(view.project(np.array([[*point, 0.0]]))[0].tolist(), abs=0.05)

"""Plates for the gallery: a small piece of a part under a camera and one light, made ready for flaws.

Three kinds: a `face`, the border of a plate seen at a slant (`edge`: its side shows as well), and a plate with three
drilled holes of which the one in the middle is to be missing (`hole`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from firstshift.core.image import Image
from firstshift.core.imprint import Edge, Ground, Imprint
from firstshift.core.mesh import Mesh
from firstshift.core.seed import Seed
from firstshift.defects.solids import between
from firstshift.render.finish.dressing import dress
from firstshift.render.landing import Landing
from firstshift.render.lighting import emitters_of
from firstshift.render.pose import STILL, Pose
from firstshift.render.prepared import Prepared
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.stamp import stamp
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import view_of
from firstshift.render.visibility import visibility
from firstshift.sensor.expose import expose
from firstshift.sensor.profile import SensorProfile, usual_profile
from firstshift.spec.part import METALS, FinishKind, Material
from firstshift.spec.part import Finish as DeclaredFinish
from firstshift.spec.station import Station

Floats = npt.NDArray[np.float64]
Kind = Literal["face", "edge", "hole"]
THICK_MM = 4.0
SLANT_DEG = 16.0
"""By which an edge is tilted towards the camera."""
BRIGHT_SHARE, DARK_SHARE = 0.42, 0.045
"""Of full scale: where a good surface lies under a light that it mirrors, and under one that passes it by."""
LAMPS: dict[str, dict[str, Any]] = {
    "ring light": {"kind": "ring", "name": "ring", "diameter_mm": 90, "width_mm": 24, "height_mm": 120},
    "low bar": {"kind": "bar", "name": "bar", "length_mm": 110, "width_mm": 18, "position_mm": [-88, 62, 48]},
    "dark field": {"kind": "dark_field", "name": "dark", "diameter_mm": 150, "width_mm": 8, "height_mm": 30},
}


@dataclass(frozen=True, slots=True)
class Stock:
    """What a plate is made of."""

    material: Material
    finish: FinishKind
    ra_um: float
    colour: tuple[float, float, float] | None = None
    gloss: float = 0.5
    lay_deg: float = 8.0

    @property
    def is_metal(self) -> bool:
        """As far as a flaw in its surface is concerned: paint is none."""
        return self.material in METALS and self.finish != "painted"

    @property
    def lay(self) -> float | None:
        return self.lay_deg if DeclaredFinish.model_validate(self._declared).lay_pattern != "none" else None

    @property
    def _declared(self) -> dict[str, Any]:
        return {"kind": self.finish, "ra_um": [self.ra_um, self.ra_um]}

    def surface(self, seed: int) -> Surface:
        lay = DeclaredFinish.model_validate(self._declared).lay_pattern
        centre = (0.0, -60.0, 0.0)
        return Surface(
            "plate", self.material, self.finish, self.ra_um, lay, self.lay_deg, centre, self.gloss, self.colour, seed
        )


STOCK: dict[str, Stock] = {
    "ground steel": Stock("steel", "ground", 0.4),
    "milled aluminium": Stock("aluminium", "milled", 1.2),
    "milled copper": Stock("copper", "milled", 0.8),
    "dark moulded plastic": Stock("plastic", "moulded", 0.8, colour=(0.030, 0.031, 0.034), gloss=0.45),
    "painted steel": Stock("steel", "painted", 0.25, colour=(0.34, 0.37, 0.38), gloss=0.6),
    "cast iron": Stock("cast_iron", "cast", 9.0),
    "cast aluminium": Stock("aluminium", "cast", 7.0),
}
BEHIND = Surface(
    "table", "rubber", "moulded", 3.0, "none", 0.0, (0.0, 0.0, 0.0), 0.1, (0.012, 0.012, 0.013), 9, is_part=False
)


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    kind: Kind
    stock: Stock
    prepared: Prepared
    pose: Pose
    across_mm: float
    opening_mm: float
    camera: SensorProfile

    def ground(self, turned_deg: float) -> Ground:
        along = np.linspace(-self.across_mm, self.across_mm, 9).astype(np.float32)
        return Ground(
            self.across_mm / self.prepared.view.width, self.stock.material, self.stock.is_metal, self.stock.ra_um,
            lay_deg=None if self.stock.lay is None else self.stock.lay - turned_deg,
            edge=Edge(along, np.zeros_like(along), 90.0, THICK_MM) if self.kind == "edge" else None,
            opening_mm=self.opening_mm if self.kind == "hole" else None,
        )  # fmt: skip

    def landing(self, turned_deg: float = 0.0) -> Landing:
        turn = np.deg2rad(turned_deg)
        local = np.zeros(3) if self.kind != "edge" else np.array([0.0, edge_at(self.across_mm), 0.0])
        frame = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        u, v, normal = frame @ self.pose.rotation.T
        at = self.pose.rotation @ local + self.pose.shift_mm
        return Landing(at, u, v, normal, 0, "", (0.0, 0.0, 0.0), turned_deg, self.ground(turned_deg))


def edge_at(across_mm: float) -> float:
    return 0.12 * across_mm


def plate(
    kind: Kind, stock: Stock, lamp: dict[str, Any], across_mm: float, side_px: int, opening_share: float = 0.3
) -> Plate:
    pixel_mm = across_mm / side_px
    station = Station.model_validate(
        {
            "name": "gallery",
            "camera": {"sensor_px": [side_px, side_px], "pixel_um": 4.0, "colour": "colour"},
            "lens": {"kind": "telecentric", "magnification": 0.004 / pixel_mm, "f_number": 8},
            "working_distance_mm": 200,
            "lights": [lamp],
            "channels": [{"name": "all", "lights": [lamp["name"]]}],
        }
    )
    opening = opening_share * across_mm
    mesh = _drilled(opening, across_mm) if kind == "hole" else _slab(across_mm, edge_at(across_mm), kind == "edge")
    tilt = np.deg2rad(SLANT_DEG if kind == "edge" else 0.0)
    cos, sin = np.cos(tilt), np.sin(tilt)
    pose = Pose(np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]), np.zeros(3))
    low = -THICK_MM - 2.0 - (0.6 * across_mm if kind == "edge" else 0.0)
    corners = 3 * across_mm * np.array([[[-1.0, -1, 0], [1, -1, 0]], [[-1, 1, 0], [1, 1, 0]]])
    top = corners + np.array([0, 0, low])
    table = between(top, top - np.array([0, 0, 1.0]), "table")
    view, scene = view_of(station), Scene((Placed(mesh, pose, 0), Placed(table, STILL, 1, is_part=False)))
    surfaces = (stock.surface(5), BEHIND)
    gbuffer = scene.cast(view)
    appearance = dress(gbuffer, surfaces, np.stack([pose.rotation, np.eye(3)]))
    emitters = emitters_of(station, smoothest_alpha=0.08, colour_channels=3)
    materials = materials_of(surfaces, station)
    visible = visibility(scene, gbuffer, emitters)
    radiance = shade(gbuffer, appearance, materials, emitters, visible)
    ready = Prepared(view, scene, surfaces, gbuffer, appearance, materials, emitters, visible, radiance)
    camera = usual_profile(station.camera).model_copy(update={"gamma": 1.8})
    return Plate(kind, stock, ready, pose, across_mm, opening, camera)


def photographed(plate_: Plate, imprint: Imprint, turned_deg: float, seed: Seed) -> npt.NDArray[np.uint8]:
    """The flaw on its plate through the usual camera, RGB."""
    ready = plate_.prepared
    found = stamp(ready, [(plate_.landing(turned_deg), imprint)])
    side = ready.view.width
    clean = ready.layers[0].reshape(-1, 3)
    flawed = clean.copy()
    flawed[found.pixel] = found.layers[0]
    gbuffer, up = ready.gbuffer, plate_.landing().normal.astype(np.float32)
    on_face = (gbuffer.surface == 0) & (gbuffer.facet @ up > 0.99)
    face = clean[gbuffer.gathered(gbuffer.weight * on_face).ravel() > 0.5]
    usual = max(1e-6, float(np.median(face.max(axis=1))))
    share = DARK_SHARE + (BRIGHT_SHARE - DARK_SHARE) * min(1.0, usual / 0.25)
    # As an engineer with a limit sample would: darker, if much of it were white; but the face must not be lost.
    white = float(np.percentile(flawed.max(axis=1), 99.6)) * share / usual
    share *= float(np.clip(0.9 / max(white, 1e-6), 0.45, 1))
    image: Image = expose(flawed.reshape(side, side, 3) * np.float32(share / usual), plate_.camera, seed=seed)
    return np.asarray(image.pixels, dtype=np.uint8)


def _slab(across_mm: float, edge_mm: float, ends: bool) -> Mesh:
    half, top = 1.5 * across_mm, edge_mm if ends else 1.5 * across_mm
    u, v = np.meshgrid([-half, half], [-half, top])
    sheet = np.stack([u, v, np.zeros_like(u)], axis=-1)
    return _flat(between(sheet, sheet - [0.0, 0.0, THICK_MM], "plate"))


def _flat(mesh: Mesh) -> Mesh:
    """Every triangle shaded by its own normal."""
    normals = mesh.area_vectors / np.linalg.norm(mesh.area_vectors, axis=1, keepdims=True)
    return replace(mesh, corner_normals=np.repeat(normals[:, None], 3, axis=1).astype(np.float32))


def _drilled(opening_mm: float, across_mm: float) -> Mesh:
    """Three square tiles in a row, each with a hole; two wide ones above and below them."""
    tile = opening_mm * 1.45
    around = np.linspace(0, 2 * np.pi, 97)
    circle = np.stack([np.cos(around), np.sin(around)], axis=1)
    square = circle / np.abs(circle).max(axis=1, keepdims=True) * tile / 2
    flat = np.linspace(circle * opening_mm / 2, square, 3)
    sheets = [flat + np.array([shift * tile, 0.0]) for shift in (-1, 0, 1)]
    far = 1.5 * across_mm
    for low, high, left, right in (
        (tile / 2, far, -far, far), (-far, -tile / 2, -far, far),
        (-tile / 2, tile / 2, -far, -1.5 * tile), (-tile / 2, tile / 2, 1.5 * tile, far),
    ):  # fmt: skip
        u, v = np.meshgrid([left, right], [low, high])
        sheets.append(np.stack([u, v], axis=-1))
    bodies = []
    for sheet in sheets:
        top = np.concatenate([sheet, np.zeros((*sheet.shape[:2], 1))], axis=-1)
        bodies.append(between(top, top - [0.0, 0.0, THICK_MM], "plate"))
    return _flat(_one(bodies))


def _one(bodies: list[Mesh]) -> Mesh:
    first = np.cumsum([0, *(len(body.vertices_mm) for body in bodies[:-1])])
    count = sum(len(body.triangles) for body in bodies)
    return Mesh(
        np.concatenate([body.vertices_mm for body in bodies]),
        np.concatenate([body.triangles + shift for body, shift in zip(bodies, first, strict=True)]).astype(np.int32),
        np.concatenate([body.corner_normals for body in bodies]),
        np.zeros(count, np.int16), np.zeros(count, np.int32), ("plate",), ("plate",),
    )  # fmt: skip

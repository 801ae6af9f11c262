"""What the fidelity bench looks at: every example part under four lights that fit its size, in metal and plastic."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from firstshift.core.mesh import Mesh
from firstshift.render.appearance import Emitters
from firstshift.render.cad.reading import read_part
from firstshift.render.fineness import MOST_EMITTERS, SMOOTHEST_ALPHA
from firstshift.render.finish.dressing import dress
from firstshift.render.lighting import emitters_of
from firstshift.render.pose import seated
from firstshift.render.prepared import Prepared
from firstshift.render.reference.scene import plain_appearance
from firstshift.render.scene import Placed, Scene
from firstshift.render.shade import shade
from firstshift.render.substances import materials_of
from firstshift.render.surface import Surface
from firstshift.render.view import View, Window, view_of
from firstshift.render.visibility import visibility
from firstshift.spec.part import FinishKind
from firstshift.spec.plan import Plan
from firstshift.spec.station import Station

PARTS = ("bracket", "cap", "fitting", "strip")
LIGHTS = ("ring", "bar", "dome", "dark field")
SUBSTANCES = {"metal": "aluminium", "plastic": "plastic"}
FINISHES: dict[str, tuple[FinishKind, float]] = {
    "bracket": ("milled", 0.8),
    "cap": ("milled", 0.8),
    "fitting": ("turned", 0.8),
    "strip": ("rolled", 0.2),
}
"""In metal, with Ra in µm; as the examples declare them, a milled cap. In plastic they are moulded."""
MOULDED: tuple[FinishKind, float] = ("moulded", 0.3)
FINE_ALPHA, FINE_EMITTERS = 0.01, 2000
STRIP_LINES = 768
BAND_PX = 48


@dataclass(frozen=True, slots=True)
class Staged:
    station: Station
    prepared: Prepared


@cache
def read(example: str) -> tuple[Plan, Mesh]:
    folder = Path(str(resources.files("firstshift.spec") / "examples" / example))
    plan = Plan.load(folder / "plan.yaml")
    return plan, read_part(plan.part, folder)


def lit(station: Station, across_mm: float) -> Station:
    """The same camera under four lights, sized to what is seen; mono, because colour is the same formula thrice."""
    s = across_mm
    lights = [
        {"kind": "ring", "name": "ring", "diameter_mm": 1.4 * s, "width_mm": 0.25 * s, "height_mm": 1.8 * s},
        {"kind": "bar", "name": "bar", "length_mm": s, "width_mm": 0.15 * s, "position_mm": [-1.1 * s, 0, 0.8 * s]},
        {"kind": "dome", "name": "dome", "diameter_mm": 2.6 * s, "opening_mm": 0.5 * s, "height_mm": 0.05 * s},
        {"kind": "dark_field", "name": "dark", "diameter_mm": 1.9 * s, "width_mm": 0.08 * s, "height_mm": 0.2 * s},
    ]
    plain = station.model_dump(mode="json", by_alias=True)
    plain["camera"]["colour"] = "mono"
    plain |= {"lights": lights, "channels": [{"name": "all", "lights": [light["name"] for light in lights]}]}
    return Station.model_validate(plain)


def staged(example: str, substance: str, alpha: float, side_px: int) -> Staged:
    """Clean, without finish texture: one roughness everywhere, so that both renderers see the very same part."""
    plan, mesh = read(example)
    whole = view_of(plan.station)
    pose = seated(plan.part, mesh)
    window = framed(whole, mesh.moved(pose.rotation, pose.shift_mm))
    view = view_of(plan.station, window=window, scale=side_px / max(window.width, window.height))
    across_mm = window.width * whole.optics.mm_per_pixel(plan.station.working_distance_mm)[0]
    station = lit(plan.station, across_mm)
    scene = Scene((Placed(mesh, pose, 0),))
    gbuffer = scene.cast(view)
    surfaces = (surface(example, substance),) * len(mesh.body_names)
    materials = materials_of(surfaces, station)
    emitters = as_for_images(station, alpha)
    rows = np.arange(len(surfaces))
    appearance = plain_appearance(gbuffer, rows, np.full(len(surfaces), alpha))
    visible = visibility(scene, gbuffer, emitters)
    radiance = shade(gbuffer, appearance, materials, emitters, visible)
    return Staged(station, Prepared(view, scene, surfaces, gbuffer, appearance, materials, emitters, visible, radiance))


def as_for_images(station: Station, alpha: float) -> Emitters:
    """As many as images are made with."""
    return emitters_of(station, smoothest_alpha=max(alpha, SMOOTHEST_ALPHA), colour_channels=1, most=MOST_EMITTERS)


def fine(station: Station) -> Emitters:
    """So many that more of them change a picture by less than 1 %."""
    return emitters_of(station, smoothest_alpha=FINE_ALPHA, colour_channels=1, most=FINE_EMITTERS)


def under(prepared: Prepared, emitters: Emitters) -> Prepared:
    """The same view under other emitters."""
    visible = visibility(prepared.scene, prepared.gbuffer, emitters)
    light = shade(prepared.gbuffer, prepared.appearance, prepared.materials, emitters, visible)
    return replace(prepared, emitters=emitters, visible=visible, radiance=light)


def framed(whole: View, mesh: Mesh) -> Window:
    """The part with a little around it; of an endless strip a piece."""
    limits = (whole.width, whole.height)
    if whole.is_line:
        return Window.around(whole.width / 2, whole.height / 2, STRIP_LINES, STRIP_LINES, limits)
    seen = whole.project(mesh.vertices_mm)
    low, high = seen.min(axis=0), seen.max(axis=0)
    x, y = (low + high) / 2
    wide, high_px = np.ceil((high - low) * 1.04).astype(int).tolist()
    return Window.around(x, y, min(wide, whole.width), min(high_px, whole.height), limits)


def surface(example: str, substance: str) -> Surface:
    kind, ra_um = FINISHES[example] if substance == "metal" else MOULDED
    return Surface(example, SUBSTANCES[substance], kind, ra_um, "circular" if kind == "turned" else "straight", 0.0,
                   (0.0, 0.0, 0.0), 0.5, None, 0)  # fmt: skip


@cache
def own_alpha(example: str, substance: str) -> float:
    """Roughness that the part's finish leaves to shading at the camera's own scale, evened over its directions."""
    plan, mesh = read(example)
    whole = view_of(plan.station)
    limits = (whole.width, whole.height)
    view = view_of(plan.station, window=Window.around(whole.width / 2, whole.height / 2, whole.width, BAND_PX, limits))
    pose = seated(plan.part, mesh)
    gbuffer = Scene((Placed(mesh, pose, 0),)).cast(view)
    surfaces = (surface(example, substance),) * len(mesh.body_names)
    appearance = dress(gbuffer, surfaces, pose.rotation)
    alpha = np.median(appearance.alpha[gbuffer.surface >= 0], axis=0)
    return round(math.sqrt(float(alpha[0] * alpha[1])), 3)


def told(text: str) -> None:
    """Progress, to where it does not get into the section."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

"""Where flaws land: uniformly by area on the visible inspected surface, by length along edges, on openings, or by the
user's heat map.

    sites = sites_of(prepared, part, place="surface", regions=defect.regions)      # once for a pose and an entry
    landing = land(prepared, sites, seed, turned_deg=40)                           # once for a flaw

The weight of a sample of the G-buffer is the surface that its share of the pixel covers, so steep walls get what they
are owed and hidden ones nothing. The middle of a flaw keeps `margin_px` from the border of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.core.seed import Seed
from firstshift.render.cad.edges import FeatureEdge
from firstshift.render.cad.openings import Opening
from firstshift.render.cad.regions import region_names
from firstshift.render.edge_sites import EdgeSteps, Rims, edge_steps, rims
from firstshift.render.gbuffer import GBuffer
from firstshift.render.ground import Spot, landing_at, landing_on_edge
from firstshift.render.inspected import MARGIN_PX, Inspected, inspected
from firstshift.render.landing import Landing
from firstshift.render.pose import Pose
from firstshift.render.scene import Scene
from firstshift.render.surface import Surface
from firstshift.render.view import View
from firstshift.spec.catalogue import Place
from firstshift.spec.part import Part

Floats = npt.NDArray[np.float64]
EDGE_NEAR_MM = 5.0
"""Edges farther from a landing than this are reached by no dent."""
SAME_FACE_COS, SAME_PLANE_MM = 0.99, 0.05


class Stage(Protocol):
    """A view of a scene; `render.prepared.Prepared` is one, and so is `Staged`."""

    @property
    def view(self) -> View: ...
    @property
    def scene(self) -> Scene: ...
    @property
    def surfaces(self) -> tuple[Surface, ...]: ...
    @property
    def gbuffer(self) -> GBuffer: ...


@dataclass(frozen=True, slots=True, eq=False)
class Staged:
    view: View
    scene: Scene
    surfaces: tuple[Surface, ...]
    gbuffer: GBuffer


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Where flaws are likely, on a picture of the part lying as `pose` says under the camera `view`."""

    grey: npt.NDArray[np.float32]
    """(height, width), 0…1; stretched over the whole view."""
    view: View
    pose: Pose

    def at(self, local_mm: npt.NDArray[np.floating]) -> Floats:
        """Its value for points of the part (N, 3), between its pixels as well; 0 beyond its border."""
        height, width = self.grey.shape
        xy = self.view.project(self.pose.to_station(local_mm)) / (self.view.width, self.view.height)
        inside = np.asarray(((xy >= 0) & (xy <= 1)).all(axis=1))
        x, y = (np.where(inside[:, None], xy, 0.5) * (width, height) - 0.5).T
        x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        left, top = np.minimum(x.astype(int), max(width - 2, 0)), np.minimum(y.astype(int), max(height - 2, 0))
        right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
        s, t = x - left, y - top
        upper = self.grey[top, left] * (1 - s) + self.grey[top, right] * s
        lower = self.grey[below, left] * (1 - s) + self.grey[below, right] * s
        return np.asarray(np.where(inside, upper * (1 - t) + lower * t, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Everywhere one entry of the catalogue may land on one view."""

    place: Place
    cumulative: Floats
    """(K,): summed weight of the candidates."""
    chosen: npt.NDArray[np.int64]
    """(K,): sample of the G-buffer, step of an edge, or opening."""
    region: npt.NDArray[np.int16]
    """(K,): index into `names`."""
    names: tuple[str, ...]
    steps: EdgeSteps | None = None
    rims: Rims | None = None
    beside: EdgeSteps | None = None
    """On a surface: edges that a flaw there may reach."""

    @property
    def total(self) -> float:
        """mm² of surface, mm of edge, or number of openings; times its heat for a heat map."""
        return float(self.cumulative[-1])


def sites_of(
    stage: Stage,
    part: Part,
    *,
    place: Place = "surface",
    regions: Sequence[str] = (),
    edges: Sequence[FeatureEdge] = (),
    openings: Sequence[Opening] = (),
    heat: HeatMap | None = None,
    margin_px: float = MARGIN_PX,
    shown: Inspected | None = None,
) -> Sites:
    """Raises BadInput where there is nothing to land on. `shown` saves finding the inspected surface again. With
    `edges` a landing on a surface is told of the edge beside it: for flaws that go over edges."""
    names = region_names(part)
    wanted = np.array([not regions or name in regions for name in names])
    if place == "edge":
        steps = edge_steps(stage.view, stage.scene, part, edges, wanted, margin_px)
        weights, region = steps.length_mm, steps.region
        sites = Sites(place, *_candidates(weights, region), names, steps=steps)
    elif place == "opening":
        found = rims(stage.view, stage.scene, part, openings, wanted, margin_px)
        sites = Sites(place, *_candidates(np.ones(len(found.region)), found.region), names, rims=found)
    else:
        area, region = (shown or inspected(stage, part, margin_px)).allowed(regions)
        weights = area.astype(np.float64)
        if place == "heat_map" and heat is not None:
            weights = weights * heat.at(stage.gbuffer.local_mm)
        beside = edge_steps(stage.view, stage.scene, part, edges, wanted, -np.inf) if edges else None
        sites = Sites(place, *_candidates(weights, region), names, beside=beside)
    if not len(sites.chosen):
        raise _nowhere(stage, place, regions, names)
    return sites


def sample_xy(gbuffer: GBuffer) -> Floats:
    """(N, 2): where in the image each sample's ray went through."""
    corner = np.stack([gbuffer.pixel % gbuffer.width, gbuffer.pixel // gbuffer.width], axis=1)
    return np.asarray(corner + 0.5 + gbuffer.offset_px, dtype=np.float64)


def land(stage: Stage, sites: Sites, seed: Seed, *, turned_deg: float | None = None) -> Landing:
    """One place among them, with the ground it finds there. `turned_deg` None: any direction; on edges it follows the
    edge."""
    at = min(int(np.searchsorted(sites.cumulative, seed.uniform("where") * sites.total)), len(sites.chosen) - 1)
    chosen, region = int(sites.chosen[at]), sites.names[int(sites.region[at])]
    if sites.steps is not None:
        spot, other, along, line = sites.steps.spot(chosen, stage.view, region, seed.uniform("along"))
        return landing_on_edge(spot, stage.surfaces, other, along, line, stage.scene)
    turned = 360 * seed.uniform("turned") if turned_deg is None else turned_deg
    if sites.rims is not None:
        return sites.rims.landing(chosen, stage.view, region, stage.surfaces, turned)
    spot = _spot(stage, chosen, region, seed)
    landing = landing_at(spot, stage.surfaces, turned)
    return landing if sites.beside is None else beside_edge(stage, landing, sites.beside)


def beside_edge(stage: Stage, landing: Landing, steps: EdgeSteps) -> Landing:
    """The same place, told of the nearest edge of its face: u runs along that edge then. Where none is near, as it
    was."""
    middle = (steps.start_mm + steps.end_mm) / 2
    away = middle - landing.position_mm
    on_face = (steps.region >= 0) & (steps.normal @ landing.normal > SAME_FACE_COS)
    on_face &= np.abs(away @ landing.normal) < SAME_PLANE_MM
    distance = np.where(on_face, np.linalg.norm(away, axis=1), np.inf)
    if not len(distance) or distance.min() > EDGE_NEAR_MM:
        return landing
    step = int(distance.argmin())
    spot, other, along, line = steps.spot(step, stage.view, landing.region, 0.5)
    at_edge = landing_on_edge(spot, stage.surfaces, other, along, line, stage.scene)
    edge = at_edge.ground.edge
    if edge is None:
        return landing
    to_u, to_v, _ = (float(x) for x in at_edge.to_patch(landing.position_mm[None])[0])
    moved = replace(edge, u_mm=edge.u_mm - np.float32(to_u), offset_mm=edge.offset_mm - np.float32(to_v))
    return replace(
        at_edge, position_mm=landing.position_mm, local_mm=landing.local_mm,
        ground=replace(at_edge.ground, pixel_mm=landing.ground.pixel_mm, edge=moved),
    )  # fmt: skip


def _spot(stage: Stage, sample: int, region: str, seed: Seed) -> Spot:
    """Anywhere in the sample's pixel, as far as that shows the same face."""
    gbuffer, scene = stage.gbuffer, stage.scene
    position = gbuffer.position_mm[sample].astype(np.float64)
    surface = int(gbuffer.surface[sample])
    placed = int(scene.placed_of(np.array([surface]))[0])
    if gbuffer.weight[sample] == 1:
        corner = np.array([gbuffer.pixel[sample] % gbuffer.width, gbuffer.pixel[sample] // gbuffer.width])
        hit = scene.hits(*stage.view.rays((corner + np.array([seed.uniform("x"), seed.uniform("y")]))[None]))
        face = scene.placed[placed].mesh.face
        if hit.surface[0] == surface and face[hit.triangle[0]] == face[gbuffer.triangle[sample]]:
            position = hit.position_mm[0]
    return Spot(
        position_mm=position,
        normal=gbuffer.normal[sample].astype(np.float64),
        across=gbuffer.across_mm[sample].astype(np.float64),
        pixel_mm=float(gbuffer.taken(np.array([sample])).footprint_mm[0]),
        surface=surface,
        region=region,
        pose=scene.placed[placed].pose,
    )


def _candidates(
    weights: Floats, region: npt.NDArray[np.int16]
) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int16]]:
    chosen = np.flatnonzero(weights > 0)
    return np.cumsum(weights[chosen]), chosen, region[chosen]


def _nowhere(stage: Stage, place: Place, regions: Sequence[str], names: tuple[str, ...]) -> BadInput:
    beside = missed_by(stage.view, stage.scene)
    if beside:
        return BadInput(
            where="part in front of the camera", expected="some of it in the image", found=f"it lies {beside}",
            way_out="check part.placement, working_distance_mm and the window of the image",
        )  # fmt: skip
    shown = ", ".join(regions or names) or "the part"
    what = {"edge": "an edge", "opening": "a hole", "surface": "some surface", "heat_map": "some surface"}[place]
    way_out = {
        "edge": "give the entry place: surface, or regions with an outer edge",
        "opening": "give the entry place: surface, or regions that a hole opens in",
        "surface": "check its rules with the region picture, or take a window of the image that shows it",
        "heat_map": "the heat map is black where these regions are; white is where flaws are likely",
    }[place]
    return BadInput(where=f"regions {shown}", expected=f"{what} the camera sees", found="none", way_out=way_out)


def missed_by(view: View, scene: Scene) -> str:
    """How far the part lies beside the image, in words; '' when some of it is inside."""
    points = [item.pose.to_station(item.mesh.vertices_mm) for item in scene.placed if item.is_part]
    xy = view.project(np.concatenate(points or [np.empty((0, 3))]))
    xy = xy[np.isfinite(xy).all(axis=1)]
    if not len(xy):
        return "behind the lens"
    (left, top), (right, bottom) = xy.min(axis=0), xy.max(axis=0)
    across, down = view.mm_per_pixel
    gaps = {
        "to the right of the image": (left - view.width) * across,
        "to the left of the image": -right * across,
        "below the image": (top - view.height) * down,
        "above the image": -bottom * down,
    }
    where, gap = max(gaps.items(), key=lambda item: item[1])
    return f"{gap:.3g} mm {where}" if gap > 0 else ""

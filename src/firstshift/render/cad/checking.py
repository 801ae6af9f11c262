"""Can this mesh be inspected, and is it the part of the plan?

A mesh with open edges encloses nothing: from outside it still looks right, but through a gap the camera would see its
inside, and nothing can be cut out of it. So it is refused where the camera sees the inside, and otherwise only remarked
on: a scan without its underside serves well. Three sides on one edge have no inside at all and are refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from firstshift.core.errors import BadInput
from firstshift.core.mesh import Floats, Mesh
from firstshift.render.cad.casting import Caster
from firstshift.render.cad.meshfiles import MM_OF_UNIT
from firstshift.render.cad.topology import Sides, facing_of, sides_of
from firstshift.spec.finding import Finding, Level
from firstshift.spec.part import UNITLESS_SUFFIXES, Part

SIZE_SHARE, SIZE_MM = 0.02, 0.1
"""A larger difference between plan and CAD file is remarked on."""
FACTOR_SHARE = 0.08
"""How near a ratio has to be to 25.4 or 1000 to be called that."""
SEEN_SHARE = 0.001
"""Rays that may meet an inside before the mesh is refused: Embree lets a few through along edges."""
RAYS_ACROSS = 220


@dataclass(frozen=True, slots=True)
class _Trouble:
    level: Level
    path: str
    expected: str
    found: str
    way_out: str

    def as_finding(self) -> Finding:
        return Finding(self.level, self.path, f"expected {self.expected}, found {self.found}", self.way_out)


def examine(part: Part, mesh: Mesh) -> tuple[Finding, ...]:
    """Everything odd about the mesh: errors, for which `read_part` refuses it, and warnings."""
    return tuple(trouble.as_finding() for trouble in _troubles(part, mesh))


def refuse_unusable(part: Part, mesh: Mesh) -> None:
    for trouble in _troubles(part, mesh):
        if trouble.level is Level.ERROR:
            raise BadInput(
                where=part.cad or trouble.path,
                expected=trouble.expected,
                found=trouble.found,
                way_out=trouble.way_out,
            )


def _troubles(part: Part, mesh: Mesh) -> Iterator[_Trouble]:
    if part.is_flat:
        return
    yield from _size(part, mesh)
    sides = sides_of(mesh.triangles)
    yield from _crowded(mesh, sides)
    yield from _open(part, mesh, sides)


def _size(part: Part, mesh: Mesh) -> Iterator[_Trouble]:
    found, stated = mesh.size_mm, part.size_mm
    expected = f"about {_shown(stated)} mm as the plan's size_mm says"
    ratio = max(found) / max(stated)
    if not 0.5 < ratio < 2:
        way_out = _unit_that_fits(part, ratio) or "is this the right file? If so, correct part.size_mm"
        yield _Trouble(Level.ERROR, "part.size_mm", expected, f"{_shown(found)} mm", way_out)
        return
    wrong = [
        axis
        for axis, said, seen in zip("xyz", stated, found, strict=True)
        if abs(said - seen) > SIZE_SHARE * max(said, seen) + SIZE_MM
    ]
    if wrong:
        exchanged = np.allclose(sorted(stated), sorted(found), rtol=SIZE_SHARE, atol=SIZE_MM)
        way_out = f"write [{_shown(found, ', ')}]" if exchanged else "take the size from the drawing, or check the file"
        what = "the axes exchanged: " if exchanged else ""
        found_text = f"{what}{_shown(found)} mm, different along {', '.join(wrong)}"
        yield _Trouble(Level.WARNING, "part.size_mm", expected, found_text, way_out)


def _unit_that_fits(part: Part, ratio: float) -> str:
    """The way out when the file is too large or small by the factor between two units; '' when it is none."""
    declared = part.cad_unit or "mm"
    if part.cad_unit or (part.cad or "").lower().endswith(UNITLESS_SUFFIXES):
        for unit, size in MM_OF_UNIT.items():
            if math.isclose(MM_OF_UNIT[declared] / size, ratio, rel_tol=FACTOR_SHARE) and unit != declared:
                return f"the numbers in the file look like {unit}: write cad_unit: {unit}"
        return ""
    # Doubled conversions too: a file whose numbers are mm and which says metres, and the other way round.
    for unit, size in MM_OF_UNIT.items():
        if unit != "mm" and math.isclose(size, ratio, rel_tol=FACTOR_SHARE):
            return _exported_wrongly(f"{unit} and means mm")
        if unit != "mm" and math.isclose(1 / size, ratio, rel_tol=FACTOR_SHARE):
            return _exported_wrongly(f"mm and means {unit}")
    return ""


def _exported_wrongly(says: str) -> str:
    return f"write size_mm in mm; where that is right and the file says {says}, export it again in mm"


def _crowded(mesh: Mesh, sides: Sides) -> Iterator[_Trouble]:
    odd = (sides.count > 2) & (sides.count % 2 == 1)
    even = (sides.count > 2) & ~odd
    torn = sides.paired & ~sides.coherent
    for which, level, what in (
        (odd, Level.ERROR, "edges at which three faces meet"),
        (torn, Level.ERROR, "edges at which outside and inside change over"),
        (even, Level.WARNING, "edges that two walls share"),
    ):
        if which.any():
            found = f"{int(which.sum())} {what}, the longest at {_place(mesh, sides, which)}"
            way_out = "repair the mesh in the CAD program (make solid), or export the part as STEP"
            yield _Trouble(level, "part.cad", "a solid with one inside and one outside", found, way_out)


def _open(part: Part, mesh: Mesh, sides: Sides) -> Iterator[_Trouble]:
    is_open = sides.count == 1
    if not is_open.any():
        return
    ends = mesh.vertices_mm[sides.ends[is_open]]
    length = float(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum())
    found = f"{int(is_open.sum())} open edges, {length:.4g} mm in all, the longest at {_place(mesh, sides, is_open)}"
    share = inside_seen(mesh, part.placement.up)
    if share > SEEN_SHARE:
        found += f"; the camera sees the inside on {share:.1%} of the part"
        way_out = "close the surface in the CAD program (make solid), or export the part as STEP"
        yield _Trouble(Level.ERROR, "part.cad", "a closed surface", found, way_out)
    else:
        way_out = "it can be inspected; burrs, chips and missing features come out right only on a closed solid"
        yield _Trouble(Level.WARNING, "part.cad", "a closed surface", found, way_out)


def inside_seen(mesh: Mesh, up: str) -> float:
    """Share of the rays along the optical axis that meet the part from behind, on a grid over it."""
    sign, axis = up[0], up[1]
    towards = np.array([float(axis == name) for name in "xyz"]) * (1 if sign == "+" else -1)
    low, high = mesh.bounds_mm
    span = np.where(towards == 0, high - low, 0.0)
    u, v = (np.eye(3)[i] for i in np.flatnonzero(towards == 0))
    # Off the grid's own centre lines, so that rays do not run along the edges of symmetrical parts.
    steps = (np.arange(RAYS_ACROSS) + 0.387) / RAYS_ACROSS
    a, b = (grid.reshape(-1, 1) for grid in np.meshgrid(steps, steps))
    caster = Caster(mesh)
    middle = (low + high) / 2 - span / 2
    origins = middle + a * span * u + b * span * v + towards * caster.reach_mm
    triangle, _ = caster.first(origins, np.repeat(-towards[None], len(origins), axis=0))
    met = triangle[triangle >= 0]
    if len(met) == 0:
        return 0.0
    return float((facing_of(mesh.corners_mm[met]) @ towards < 0).mean())


def _place(mesh: Mesh, sides: Sides, which: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    ends = mesh.vertices_mm[sides.ends[which]]
    longest: Floats = ends[int(np.argmax(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)))].mean(axis=0)
    return f"[{_shown(longest.tolist(), ', ')}]"


def _shown(values: tuple[float, ...] | list[float], between: str = " × ") -> str:
    return between.join(f"{value:,.6g}" for value in values)

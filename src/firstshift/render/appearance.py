"""How each sample reflects: the values that shading needs, after finish and flaws had their say.

`material` points into a `Materials` table, one row for each substance of the scene; the table holds the optical values
for each *band*: one for each light and colour channel, because an LED of one colour meets a metal at one wavelength.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firstshift.render.gbuffer import F32


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    material: npt.NDArray[np.int16]
    """(N,): row of the materials table; −1 reflects nothing."""
    normal: F32
    """(N, 3): unit; the geometry's shading normal tilted by the resolved part of the finish."""
    tangent: F32
    """(N, 3): unit, at right angles to the normal, along the lay; alpha[:, 0] belongs to it."""
    alpha: F32
    """(N, 2): GGX roughness along the lay and across it, from the slopes too fine for the pixel: α² = 2·σ² per axis."""
    tint: F32
    """(N, 3): factor on reflectance, linear RGB; 1 for a clean surface."""
    occlusion: F32
    """(N,): 0…1, share of light kept out by what neither rays nor normals show."""
    film: F32
    """(N,): 0…1, share covered by a clear smooth film of oil or water."""

    def __len__(self) -> int:
        return len(self.material)

    def taken(self, which: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Appearance:
        return replace(self, **{name: getattr(self, name)[which] for name in self.__slots__})


@dataclass(frozen=True, slots=True, eq=False)
class Materials:
    """Optical values: M substances × L lights × C colour channels of the camera (1 or 3)."""

    names: tuple[str, ...]
    is_metal: npt.NDArray[np.bool_]
    """(M,)"""
    eta: F32
    """(M, L, C): real part of the refractive index; of the clear top layer for what is no metal."""
    kappa: F32
    """(M, L, C): imaginary part; 0 for what is no metal."""
    albedo: F32
    """(M, L, C): diffuse reflectance under the top layer; 0 for metals."""
    gloss: F32
    """(M,): 0…1, weight of the mirroring top layer of what is no metal; 1 is a closed clear coat, 0 is paper."""
    coat_alpha: F32
    """(M,): roughness of that top layer when it is smoother than the substance (paint); 0 takes the sample's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Emitters:
    """Every light as small flat emitters. Radiance falls with the cosine at the emitter, within its cone."""

    light: npt.NDArray[np.int16]
    """(E,): which light of the station."""
    position_mm: F32
    """(E, 3)"""
    direction: F32
    """(E, 3): unit normal of the emitter, the way it shines."""
    area_mm2: F32
    """(E,)"""
    across_mm: F32
    """(E,): diameter as seen from the part: widens highlights, so that few emitters stand for one even light."""
    cone_cos: F32
    """(E,): cosine of half the cone's angle; −1 where there is no cone. The edge is soft over a tenth of the angle."""
    colour: F32
    """(L, C): how each light weighs in each colour channel of the camera, intensity included."""
    tint_mix: F32
    """(L, C, 3): how a sample's RGB tint becomes a factor in each colour channel under each light; rows add up to 1."""
    names: tuple[str, ...]
    """(L,)"""
    half_mm: F32 | None = None
    """(E, 2, 3): the two semi-axes of the ellipse that each emitter is, at right angles to its direction. None: round
    ones, `across_mm` wide."""

    def __len__(self) -> int:
        return len(self.light)

    def taken(self, which: npt.NDArray[np.bool_]) -> Emitters:
        """Only these; lights keep their numbers, and may be left without any."""
        names = ("light", "position_mm", "direction", "area_mm2", "across_mm", "cone_cos")
        half = self.half_mm if self.half_mm is None else self.half_mm[which]
        return replace(self, half_mm=half, **{name: getattr(self, name)[which] for name in names})

    @property
    def semi_axes_mm(self) -> F32:
        """(E, 2, 3)"""
        if self.half_mm is not None:
            return self.half_mm
        steepest = np.abs(self.direction[:, 2:]) < 0.9
        beside = np.where(steepest, np.array([0, 0, 1], np.float32), np.array([1, 0, 0], np.float32))
        first = np.cross(self.direction, beside)
        first /= np.linalg.norm(first, axis=1, keepdims=True)
        second = np.cross(self.direction, first)
        return (np.stack([first, second], axis=1) * (self.across_mm / 2)[:, None, None]).astype(np.float32)

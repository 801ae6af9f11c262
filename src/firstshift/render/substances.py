"""What surfaces are made of, as the numbers that shading needs: a row for each surface, and one for each foreign stuff.

A *band* is one light as one colour channel of the camera sees it. A coloured LED has one wavelength in all channels; a
white one has the wavelength of the channel: 550 nm for a monochrome camera, 610, 540 and 465 nm for red, green, blue.

What is no metal is a diffuse base under a clear layer with refractive index `eta`: plastic, paint, glaze. `gloss` is
the weight of that layer; the rest is plain Lambert, as paper is. Reflectances are typical values; a colour in the plan
takes their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from firstshift.core.imprint import Stuff
from firstshift.render.appearance import Materials
from firstshift.render.lighting import tint_mix_of
from firstshift.render.metals import refractive_index
from firstshift.render.surface import Surface
from firstshift.spec.lights import WAVELENGTH_NM, Light
from firstshift.spec.part import METALS
from firstshift.spec.station import Station

RGB_NM = (610.0, 540.0, 465.0)
"""Middle of what a colour camera's channels see of a white LED."""
Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Base:
    """A substance that is no metal."""

    albedo: Rgb
    eta: float = 1.5
    least_layer: float = 0.0
    """Weight of the clear layer of a matt surface."""
    most_layer: float = 1.0
    """The same of a glossy one."""


BASES: Mapping[str, Base] = {
    "plastic": Base((0.35, 0.35, 0.35), 1.5, 0.6),
    "rubber": Base((0.030, 0.030, 0.032), 1.52, 0.35, 0.9),
    "ceramic": Base((0.74, 0.72, 0.67), 1.76, 0.3),  # alumina
    "ferrite": Base((0.055, 0.055, 0.060), 2.3, 0.15, 0.5),
    "glass": Base((0.035, 0.045, 0.040), 1.52, 1.0),  # as it looks on a dark table; nothing is seen through it
    "wood": Base((0.42, 0.26, 0.13), 1.5, 0.1, 0.8),
    "paper": Base((0.78, 0.77, 0.73), 1.5, 0.02, 0.5),
    "fabric": Base((0.45, 0.45, 0.46), 1.5, 0.02, 0.2),
}
PAINT = Base((0.40, 0.40, 0.40), 1.5, 0.35)
"""On anything; its colour comes from the plan."""
SMOOTH_PAINT, MATT_PAINT = 0.03, 0.35
"""GGX alpha of a full gloss and of a matt coat: paint levels out above the ground's roughness."""


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    metal: str | None
    base: Base | None
    albedo: Rgb
    gloss: float
    coat_alpha: float


def materials_of(surfaces: Sequence[Surface], station: Station, extra: Sequence[Stuff] = ()) -> Materials:
    """Rows in the order of `surfaces`, then of `extra`."""
    channels = 3 if station.camera.colour == "colour" else 1
    rows = [_of_surface(surface) for surface in surfaces] + [_of_stuff(stuff) for stuff in extra]
    mix = tint_mix_of(station, channels).astype(np.float64)
    shape = (len(rows), len(station.lights), channels)
    eta, kappa, albedo = np.ones(shape), np.zeros(shape), np.zeros(shape)
    for index, row in enumerate(rows):
        if row.metal is None:
            assert row.base is not None
            eta[index] = row.base.eta
            albedo[index] = mix @ np.asarray(row.albedo)
            continue
        for place, light in enumerate(station.lights):
            values = np.array([refractive_index(row.metal, nm) for nm in wavelengths_nm(light, channels)])
            eta[index, place], kappa[index, place] = values.real, values.imag
    return Materials(
        names=tuple(row.name for row in rows),
        is_metal=np.array([row.metal is not None for row in rows], dtype=np.bool_),
        eta=eta.astype(np.float32),
        kappa=kappa.astype(np.float32),
        albedo=albedo.astype(np.float32),
        gloss=np.array([row.gloss for row in rows], dtype=np.float32),
        coat_alpha=np.array([row.coat_alpha for row in rows], dtype=np.float32),
    )


def wavelengths_nm(light: Light, channels: int) -> tuple[float, ...]:
    if light.colour == "white" and channels == 3:
        return RGB_NM
    return (WAVELENGTH_NM[light.colour],) * channels


def _of_surface(surface: Surface) -> _Row:
    if surface.finish == "painted":
        return _coated(surface, PAINT, MATT_PAINT + (SMOOTH_PAINT - MATT_PAINT) * surface.gloss**0.5)
    if surface.material in METALS:
        return _Row(surface.name, surface.material, None, (0.0, 0.0, 0.0), 0.0, 0.0)
    return _coated(surface, BASES[surface.material], 0.0)


def _coated(surface: Surface, base: Base, coat_alpha: float) -> _Row:
    layer = base.least_layer + (base.most_layer - base.least_layer) * surface.gloss
    return _Row(surface.name, None, base, surface.colour or base.albedo, layer, coat_alpha)


def _of_stuff(stuff: Stuff) -> _Row:
    """Its roughness is the sample's alpha, which whoever lays it on the surface has set; the smoother, the glossier."""
    if stuff.metal is not None:
        return _Row(stuff.name, stuff.metal, None, (0.0, 0.0, 0.0), 0.0, 0.0)
    layer = float(np.clip(1.2 - 2 * stuff.roughness, 0.1, 1.0))
    return _Row(stuff.name, None, Base(stuff.albedo), stuff.albedo, layer, 0.0)

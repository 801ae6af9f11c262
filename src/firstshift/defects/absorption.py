"""Colour by what a layer takes away: tint = exp(−strength · absorbance), the strength chosen to give a contrast.

Contrast is what the plan says: how much darker or lighter than its surroundings the strongest place looks, as a share
of their luminance (Rec. 709 weights). A film of oxide takes light away by interference: see `oxide_absorbance`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.imprint import Layer

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
BANDS_NM = ((590, 610, 630, 650), (520, 540, 560, 580), (440, 455, 470, 485))
"""What a camera's red, green and blue see of it; several wavelengths each, so that thick films lose their colour."""

# Rounded from Johnson & Christy 1972, 1974 (Cu, Fe, Ti), Rakić 1995 (Al); oxides from Querry 1985 (Fe), Malerba 2011
# (Cu2O), DeVore 1951 (TiO2), Malitson 1972 (Al2O3). (n, k) for red, green, blue.
_IRON = ((2.9, 3.2), (2.9, 3.0), (2.6, 2.7))
_COPPER = ((0.25, 3.4), (1.0, 2.6), (1.15, 2.4))
_RUST = ((2.7, 0.05), (2.8, 0.15), (2.7, 0.5))
_CUPROUS = ((2.8, 0.02), (2.9, 0.1), (3.1, 0.4))
METAL_AND_OXIDE = {
    "steel": (_IRON, _RUST),
    "cast_iron": (_IRON, _RUST),
    "stainless_steel": (_IRON, ((2.3, 0.03), (2.35, 0.06), (2.45, 0.15))),
    "titanium": (((2.8, 3.8), (2.5, 3.4), (2.2, 3.0)), ((2.5, 0.0), (2.55, 0.0), (2.7, 0.01))),
    "copper": (_COPPER, _CUPROUS),
    "brass": (((0.5, 3.2), (0.6, 2.5), (1.3, 1.9)), _CUPROUS),
    "bronze": (((0.6, 3.2), (0.9, 2.6), (1.3, 2.2)), _CUPROUS),
    "aluminium": (((1.3, 7.3), (0.95, 6.5), (0.65, 5.4)), ((1.77, 0.0), (1.77, 0.0), (1.78, 0.0))),
}


def tint_of(absorbance: npt.NDArray[np.floating], contrast: float) -> Layer:
    """(rows, columns, 3) → tint whose strongest place differs from 1 by `contrast` in luminance. Negative absorbance is
    lighter."""
    red, green, blue = (np.float32(k) for k in LUMINANCE)
    luminance = absorbance[..., 0] * red + absorbance[..., 1] * green + absorbance[..., 2] * blue
    strongest = absorbance.reshape(-1, 3)[int(np.abs(luminance).argmax())].astype(np.float64)
    exponent = np.asarray(absorbance, np.float32) * np.float32(-_strength(strongest, contrast))
    return np.asarray(np.exp(exponent, out=exponent))


def _strength(absorbance: npt.NDArray[np.float64], contrast: float) -> float:
    low, high = 0.0, 400.0 / max(1e-9, float(np.abs(absorbance).max()))
    for _ in range(60):
        middle = (low + high) / 2
        with np.errstate(over="ignore"):
            change = abs(1 - float(LUMINANCE @ np.exp(np.clip(-middle * absorbance, -50, 50))))
        low, high = (middle, high) if change < contrast else (low, middle)
    return low


def oxide_absorbance(metal: str, film_nm: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """(…, 3): −ln of the reflectance with an oxide film over that without, light falling straight (Born & Wolf, §7.6).

    The colours of tempered steel come out of it: straw, brown, purple and blue from 20 to 80 nm.
    """
    substrate, oxide = METAL_AND_OXIDE.get(metal, METAL_AND_OXIDE["steel"])
    steps = np.linspace(0.0, 260.0, 131)
    table = np.empty((len(steps), 3))
    for band, wavelengths in enumerate(BANDS_NM):
        bare, film = complex(*substrate[band]), complex(*oxide[band])
        outer, inner = (1 - film) / (1 + film), (film - bare) / (film + bare)
        total = np.zeros(len(steps))
        for wavelength in wavelengths:
            turn = np.exp(2j * 2 * np.pi * film * steps / wavelength)
            total += np.abs((outer + inner * turn) / (1 + outer * inner * turn)) ** 2
        table[:, band] = -np.log(np.maximum(total / total[0], 1e-4))
    shape = np.shape(film_nm)
    at = np.clip(np.asarray(film_nm, np.float32).ravel() / 2.0, 0, len(steps) - 1.001)
    low = at.astype(np.int32)
    part = (at - low)[:, None]
    rounded = table.astype(np.float32)
    return np.asarray(rounded[low] * (1 - part) + rounded[low + 1] * part).reshape(*shape, 3)

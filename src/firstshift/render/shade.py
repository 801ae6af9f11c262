"""Direct light on samples: G-buffer, appearance, materials, emitters → radiance of each light.

    radiance = shade(gbuffer, appearance, materials, emitters)             # (lights, samples, colour channels)
    image = gbuffer.gathered(radiance[0])

Each light is kept apart, so that another intensity, channel or exposure is a sum and not a render. `device`: "cpu" is
the numba kernel, "numpy" the slow readable twin, "cuda" the same formulas on a GPU ("torch:cpu" without one).

A film of oil or water is a second, smooth surface over the first: what it mirrors is added, and what lies below gets
and gives (1 − F) of the light.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firstshift.core.errors import BadInput
from firstshift.render.appearance import Appearance, Emitters, Materials
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.shade_inputs import FILM_ETA, Samples, film_on, samples_of, with_film
from firstshift.render.shade_slowly import fresnel, shade_in_numpy

Visible = npt.NDArray[np.uint8]


def shade(
    gbuffer: GBuffer,
    appearance: Appearance,
    materials: Materials,
    emitters: Emitters,
    visible: Visible | None = None,
    device: str = "cpu",
) -> F32:
    """(L, N, C). `visible` is (N, E): 255 where nothing stands between a sample and an emitter."""
    _check(gbuffer, appearance, materials, emitters, visible)
    samples = samples_of(gbuffer, appearance, materials)
    radiance = _shade(samples, materials, emitters, visible, device)
    oily = np.flatnonzero((appearance.film > 0) & (appearance.material >= 0))
    if len(oily):
        film = film_on(samples, gbuffer.normal[oily], oily, len(materials.names))
        glint = _shade(film, with_film(materials), emitters, None if visible is None else visible[oily], device)
        cosine = np.clip((film.view * film.normal).sum(axis=1), 0, 1)
        through = (1 - fresnel(cosine, FILM_ETA, 0.0)) * (1 - ((FILM_ETA - 1) / (FILM_ETA + 1)) ** 2)
        share = appearance.film[oily][None, :, None]
        below = radiance[:, oily] * (1 - share * (1 - through[None, :, None]))
        radiance[:, oily] = below + share * glint
    return radiance


def _shade(samples: Samples, materials: Materials, emitters: Emitters, visible: Visible | None, device: str) -> F32:
    if device == "numpy":
        return shade_in_numpy(samples, materials, emitters, visible)
    if device == "cpu":
        # numba is loaded when something is shaded, not when this module is.
        from firstshift.render.shade_fast import shade_fast

        return shade_fast(samples, materials, emitters, visible)
    from firstshift.render.shade_torch import shade_in_torch

    return shade_in_torch(samples, materials, emitters, visible, device)


def _check(
    gbuffer: GBuffer, appearance: Appearance, materials: Materials, emitters: Emitters, visible: Visible | None
) -> None:
    if len(appearance) != len(gbuffer):
        raise BadInput(where="shade", expected=f"appearance of {len(gbuffer)} samples", found=len(appearance))
    lights, channels = emitters.colour.shape
    if materials.eta.shape[1:] != (lights, channels):
        raise BadInput(
            where="shade",
            expected=f"materials for {lights} lights × {channels} colour channels",
            found=" × ".join(map(str, materials.eta.shape[1:])),
        )
    if visible is not None and visible.shape != (len(gbuffer), len(emitters)):
        raise BadInput(where="shade", expected=f"visibility of {len(gbuffer)} × {len(emitters)}", found=visible.shape)
    if len(appearance) and int(appearance.material.max()) >= len(materials.names):
        raise BadInput(
            where="shade", expected=f"materials below {len(materials.names)}", found=int(appearance.material.max())
        )

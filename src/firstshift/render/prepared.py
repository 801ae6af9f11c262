"""A view made ready: everything that is the same for all images of one pose, so that each costs only what changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from firstshift.render.appearance import Appearance, Emitters, Materials
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.surface import Surface

if TYPE_CHECKING:  # what a flaw leaves behind can be read without ray tracing
    from firstshift.render.scene import Scene
    from firstshift.render.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    view: View
    scene: Scene
    surfaces: tuple[Surface, ...]
    gbuffer: GBuffer
    appearance: Appearance
    materials: Materials
    emitters: Emitters
    visible: npt.NDArray[np.uint8] | None
    """(N, E): 255 where nothing stands between sample and emitter, 0 where something does; None when all is open."""
    radiance: F32
    """(L, N, C): of the clean part, each light on its own; a white matt plane in full light has about 1."""

    @property
    def layers(self) -> F32:
        """(L, height, width, C)"""
        return np.stack([self.gbuffer.gathered(light) for light in self.radiance])

    @property
    def confusion_px(self) -> F32:
        """(height, width): into how wide a circle each pixel's light is spread out of focus."""
        distance = self.gbuffer.gathered(self.gbuffer.distance_mm)[:, :, 0]
        return np.asarray(self.view.confusion_px(distance.astype(np.float64)), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Stamped:
    """What flaws change: only these pixels. `on` puts them onto the clean layers."""

    pixel: npt.NDArray[np.int32]
    """(P,): row · width + column."""
    layers: F32
    """(L, P, C): the new radiance of those pixels."""
    clean: F32
    """(L, P, C): what it was."""
    coverage: tuple[tuple[npt.NDArray[np.int32], F32], ...]
    """For each flaw: pixels and how much of each its mask covers, 0…1, hidden parts left out."""

    def on(self, layers: F32) -> F32:
        """(L, height, width, C): clean layers with the flaws; a copy."""
        flawed = layers.copy()
        flawed.reshape(len(flawed), -1, flawed.shape[-1])[:, self.pixel] = self.layers
        return flawed

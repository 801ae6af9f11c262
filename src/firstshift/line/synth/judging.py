"""What of a flaw is on the image: light behind the lens with and without it, in numbers of the image as it is saved.

    noticed = Judge(stage, ready, recipe, "dark").of(lit, Covered(pixel, share, mask))

Everything a flaw is held against (what changes, noise, texture) is measured where the pixels count: out of focus,
smeared, spread by lens and sensor, under the camera's own vignetting, cut at white. Only the piece around the flaw is
looked at; it is the same light there, to the bit of rounding, that `Stage.expose` takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from firstshift.core.shapes import Mask
from firstshift.line.synth.lit import Box, Lit, blurred_piece, sharp_piece
from firstshift.line.synth.surroundings import SURROUNDINGS_PX, texture_around
from firstshift.line.synth.white_plane import spread_over
from firstshift.render.noticing import Noticed, notice
from firstshift.sensor.blur import TAIL_WIDTH
from firstshift.sensor.expose import behind_the_lens
from firstshift.sensor.fields import brightness_field

if TYPE_CHECKING:
    from firstshift.line.synth.recipe import Recipe
    from firstshift.line.synth.stage import Ready, Stage

F32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """Which pixels a flaw covers, how much of each, and what of it the label marks."""

    pixel: npt.NDArray[np.int32]
    share: F32
    mask: Mask


class Judge:
    """Of one exposure of one part."""

    def __init__(self, stage: Stage, ready: Ready, recipe: Recipe, channel: str) -> None:
        self.stage, self.ready, self.recipe, self.channel = stage, ready, recipe, channel
        self.sensor = stage.as_seen(recipe)
        self.motion_px = stage.motion_px(ready, recipe, channel)
        self.height, self.width = ready.confusion_px.shape

    def of(self, lit: Lit, flaw: Covered, others: Lit | None = None) -> Noticed:
        """`others`: what the other flaws change without this one, where they lie on one another."""
        if not len(flaw.pixel):
            return notice(np.zeros((0, 1)), np.zeros((0, 1)), flaw.share, 0.0)
        row, column = np.divmod(flaw.pixel, self.width)
        box = Box.around(row, column, SURROUNDINGS_PX, self.height, self.width)
        unlit = Lit(lit.gains, lit.pixel[:0], lit.change[:0])
        before, after = self._light(others or unlit, box), self._light(lit, box)
        numbers = self._numbers(before)
        spot = (row - box.top, column - box.left)
        clean = before[spot]
        return notice(
            numbers[spot],
            self._numbers(after[spot]),
            flaw.share,
            self._noise(clean),
            texture_around(numbers, box, flaw.pixel, self.ready.prepared.gbuffer, self.stage.mesh),
            zero=self.sensor.black_level_dn,
            marked=flaw.mask.pixels[row, column],
            white=self.sensor.white_dn,
        )

    def _light(self, lit: Lit, box: Box) -> F32:
        """(h, w, C): as it falls onto the sensor."""
        wide = box.grown(self._reach_px, self.height, self.width)
        blurred = self.stage.defocuses_lamps
        light = (blurred_piece if blurred else sharp_piece)(self.ready, lit, wide)
        if self.sensor.illumination is not None:
            light = light / self._white_field[wide.cut]
        x, y, full_width, full_height = self._window
        planes = behind_the_lens(
            light,
            self.sensor,
            confusion_px=None if blurred else self.ready.confusion_px[wide.cut],
            motion_px=self.motion_px,
            window=(x + wide.left, y + wide.top, full_width, full_height),
            by_line=self.stage.by_line,
        )
        inner = (
            slice(box.top - wide.top, box.bottom - wide.top),
            slice(box.left - wide.left, box.right - wide.left),
        )
        lit_planes = [plane[inner] * self._field(number)[box.cut] for number, plane in enumerate(planes)]
        return np.stack(lit_planes, axis=2)

    @cached_property
    def _reach_px(self) -> int:
        """From how far light comes to a pixel."""
        spread = (TAIL_WIDTH if self.sensor.tail_share > 0 else 1.0) * self.sensor.psf_sigma_px
        reach = float(self.ready.confusion_px.max()) / 2 + 4 * spread + 2
        return math.ceil(reach + max(abs(one) for one in self.motion_px) / 2 + 1)

    @property
    def _window(self) -> tuple[int, int, int, int]:
        return self.stage.place_on_sensor(self.ready) or (0, 0, self.width, self.height)

    @cached_property
    def _white_field(self) -> F32:
        field = self.stage.white_fields[self.channel]
        return spread_over(field, (self.height, self.width), self.ready.pose, self.stage.image_px)

    def _field(self, plane: int) -> F32:
        shape = (self.height, self.width)
        return brightness_field(self.sensor, shape, self._window, plane, by_line=self.stage.by_line)

    def _numbers(self, light: F32) -> F32:
        """What the camera would send without noise and rounding; what is whiter than white looks alike."""
        white, black = self.sensor.white_dn, self.sensor.black_level_dn
        level = np.clip(light * np.float32(white - black) + np.float32(black), 0.0, white)
        if self.sensor.gamma != 1:
            level = white * (level / white) ** np.float32(1 / self.sensor.gamma)
        return np.asarray(level, dtype=np.float32)

    def _noise(self, light: F32) -> F32:
        """(P,): standard deviation of a pixel with this light, in numbers, before rounding (EMVA 1288)."""
        sensor = self.sensor
        electrons = np.clip(light.mean(axis=1), 0.0, 1.0) * sensor.full_scale_e
        drawn = self.recipe.noise**2 * (electrons + sensor.read_noise_e**2)
        own = (sensor.prnu * electrons) ** 2 + sensor.dsnu_e**2
        sigma = np.sqrt(drawn + own) / sensor.gain_e_per_dn
        if sensor.gamma != 1:
            level = electrons / sensor.gain_e_per_dn + sensor.black_level_dn
            sigma = sigma / sensor.gamma * (np.maximum(level, 0.5) / sensor.white_dn) ** (1 / sensor.gamma - 1)
        return np.asarray(sigma, dtype=np.float32)

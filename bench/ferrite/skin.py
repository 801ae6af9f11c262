"""The skin of a ground ferrite tile: what the finish of the package does not have yet.

Photographs of good tiles show, beside the relief of grinding marks, that the surface is uneven in itself: grain from
pixel to pixel; bright marks one or two tenths of a millimetre wide that run from end to end and glint where the lamp is
mirrored; bands and clouds; and wear: dark hairlines, smudges and specks that nobody minds. All of it is a factor on the
light of a whole tile, drawn from the pose's seed. Shares follow from the contrast of good photographs, scale by scale,
along the marks and across them (background part of the set).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
LAYERS = (
    ("grain", 0.3, 0.3, 0.058),
    ("grit", 1.6, 0.6, 0.028),
    ("pores", 5.0, 3.0, 0.011),
    ("clouds", 14.0, 10.0, 0.020),
    ("slow clouds", 45.0, 35.0, 0.07),
    ("short marks", 7.0, 0.3, 0.030),
    ("marks", 30.0, 0.3, 0.052),
    ("long marks", 200.0, 0.5, 0.036),
    ("bands", 300.0, 3.0, 0.016),
    ("broad bands", 300.0, 12.0, 0.030),
)
"""Name, sigma along the marks and across them in pixels of 0.1 mm, standard deviation of the log of the factor."""
BRIGHTER = 0.12
"""The station sets a part's brightest 2 % to 65 % of white; on photographs what mirrors the lamp is white."""
GRINDING = ("short marks", "marks", "long marks", "bands", "broad bands")
"""What the wheel leaves: it is missing where the wheel did not reach or where something broke off."""


@dataclass(frozen=True, slots=True)
class Skin:
    """Of one piece, as logs of factors on its light."""

    ground: F32
    """(H, W): what grinding left; another pass leaves another."""
    other: F32
    """Grain, clouds, wear, the tile's own shape."""
    mirrored: F32
    """How much of the lamp is mirrored, 0 to 1: there marks glint."""

    def factor(self, ground: F32 | None = None) -> F32:
        total = self.other + (self.ground if ground is None else ground)
        return np.asarray(np.exp(np.clip(total, -2.2, 1.1) + BRIGHTER), np.float32)


def skin(height: int, width: int, seed: int, *, varied: bool = True, worn: bool = True) -> Skin:
    """The marks run from top to bottom."""
    generator = np.random.default_rng([seed, 1])
    light, mirrored = _light(generator, height, width, varied)
    overall = float(np.exp(generator.normal(0, 0.2))) if varied else 1.0
    other = light + _bevels(generator, width, varied)
    if worn:
        other -= _wear(generator, height, width)
    for name, along, across, share in LAYERS:
        if name not in GRINDING:
            unlike = 0.6 if "clouds" in name else 0.3
            amount = share * overall * float(np.exp(generator.normal(0, unlike)) if varied else 1.0)
            other += np.float32(amount) * noise(generator, height, width, along, across)
    return Skin(ground(mirrored, seed, overall, varied), other, mirrored)


def ground(mirrored: F32, seed: int, overall: float = 1.0, varied: bool = True) -> F32:
    """What one pass of the wheel leaves: few strong marks, many faint ones, brighter than what is between them."""
    generator = np.random.default_rng([seed, 2])
    height, width = mirrored.shape
    total = np.zeros_like(mirrored)
    glint = 0.6 + 1.3 * mirrored
    for name, along, across, share in LAYERS:
        if name in GRINDING:
            layer = noise(generator, height, width, along, across)
            if name.endswith("marks"):
                layer = (0.75 * np.maximum(layer, -1.2) + 0.7 * np.maximum(layer - 1.0, 0) ** 2) * glint
            amount = share * overall * float(np.exp(generator.normal(0, 0.3)) if varied else 1.0)
            total += np.float32(amount) * layer
    # Nowhere does the wheel cut evenly: on good tiles, too, marks fade and come back.
    return total * np.clip(1 + 0.45 * noise(generator, height, width, 50.0, 40.0), 0.1, 2.2)


def _light(generator: np.random.Generator, height: int, width: int, varied: bool) -> tuple[F32, F32]:
    """A tile is a segment of a ring: it mirrors the lamp along a stripe, and is darker towards the sides. The log of
    the light, and how much of the lamp is mirrored, 0 to 1."""
    x, y = np.linspace(-1, 1, width, dtype=np.float32)[None], np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    middle = generator.uniform(-1.2, 1.2) + generator.normal(0, 0.08) * y
    wide = generator.uniform(0.3, 0.9)
    fades = np.clip(0.75 + generator.normal(0, 0.35) * y + generator.normal(0, 0.3) * y**2, 0, 1.2)
    mirrored = np.exp(-(((x - middle) / wide) ** 2)) * fades
    slope = generator.normal(0, 0.2) * x + generator.normal(0, 0.15) * y
    fall = generator.uniform(0, 0.5) * np.abs(x - 0.3 * generator.standard_normal()) ** generator.uniform(2, 6)
    strong = generator.uniform(0.1, 0.9) if varied else 0.4
    log = strong * (mirrored - mirrored.mean()) + slope - (fall - fall.mean())
    return np.asarray(log * (1.0 if varied else 0.5), np.float32), np.asarray(mirrored, np.float32)


def _bevels(generator: np.random.Generator, width: int, varied: bool) -> F32:
    """Along each side a strip that was ground at another angle: brighter or darker, with a seam."""
    x = np.arange(width, dtype=np.float32)
    log = np.zeros(width, np.float32)
    for side in (x, x[::-1]):
        if generator.uniform() < 0.55:
            begin, soft = generator.uniform(4, 30), generator.uniform(0.5, 3)
            inside = 0.5 * (1 - np.tanh((side - begin) / soft))
            log += generator.normal(0, 0.3) * inside
            log += generator.normal(0, 0.2) * np.exp(-(((side - begin) / generator.uniform(0.8, 2.5)) ** 2))
            log -= generator.uniform(0, 0.8) * np.exp(-side / generator.uniform(1, 4))
    return log * (1.0 if varied else 0.5)


def _wear(generator: np.random.Generator, height: int, width: int) -> F32:
    """Hairlines in the fired skin, smudges, specks: how much darker, as a log. Good tiles have them."""
    dark = np.zeros((height, width), np.float32)
    many = generator.gamma(1.2, 7.0) * height * width / 90_000
    for _ in range(generator.poisson(many)):
        _hairline(dark, generator)
    dark *= 0.4 + 0.6 * np.clip(1 + noise(generator, height, width, 3.0, 3.0), 0, 2)
    for _ in range(generator.poisson(0.15 * many + 1.5)):
        _smudge(dark, generator)
    for _ in range(generator.poisson(0.5)):
        _corner(dark, generator)
    return dark


def _hairline(dark: F32, generator: np.random.Generator) -> None:
    """A thin wandering line, most of them short and faint, sometimes with a branch."""
    height, width = dark.shape
    steps = int(generator.lognormal(2.6, 0.6)) + 4
    turn = generator.uniform(0, 2 * np.pi) + np.cumsum(generator.standard_t(2.5, steps) * 0.22)
    way = np.stack([np.cos(turn), np.sin(turn)], axis=1).cumsum(axis=0) * 1.8
    way += generator.uniform(0, 1, 2) * (width, height) - way.mean(axis=0)
    canvas = np.zeros_like(dark)
    cv2.polylines(canvas, [np.round(way * 16).astype(np.int32)], False, 1.0, 1, cv2.LINE_8, 4)
    soft = generator.uniform(0.4, 1.1)
    low, high = np.clip(way.min(axis=0) - 6, 0, None).astype(int), np.clip(way.max(axis=0) + 7, 0, None).astype(int)
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    if canvas[window].size:
        strength = min(0.5, generator.lognormal(-1.9, 0.5))
        dark[window] += strength * np.clip(1.8 * soft * cv2.GaussianBlur(canvas[window], (0, 0), soft), 0, 1)


def _corner(dark: F32, generator: np.random.Generator) -> None:
    """Where the lamp does not reach."""
    height, width = dark.shape
    y, x = np.mgrid[0:height, 0:width]
    off = np.hypot(
        (x - width * generator.integers(2)) / generator.uniform(15, 90),
        (y - height * generator.integers(2)) / generator.uniform(15, 90),
    )
    dark += (generator.uniform(0.1, 0.7) * np.exp(-(off ** generator.uniform(1, 3)))).astype(np.float32)


def _smudge(dark: F32, generator: np.random.Generator) -> None:
    height, width = dark.shape
    reach = generator.lognormal(2.0, 1.0)
    x, y = generator.uniform(0, width), generator.uniform(0, height)
    low, high = (np.clip(np.array([x, y]) + s * 3 * reach, 0, [width, height]).astype(int) for s in (-1, 1))
    if (high <= low).any():
        return
    along, across = np.meshgrid(np.arange(low[0], high[0]) - x, np.arange(low[1], high[1]) - y)
    angle, longer = generator.uniform(0, np.pi), generator.uniform(1, 2.5)
    u, v = along * np.cos(angle) + across * np.sin(angle), across * np.cos(angle) - along * np.sin(angle)
    r2 = (u**2 / longer + v**2 * longer) / reach**2
    strength = generator.uniform(0.02, 0.22) if reach > 4 else generator.uniform(0.05, 0.3)
    dark[low[1] : high[1], low[0] : high[0]] += (strength * np.exp(-(r2 ** generator.uniform(0.7, 2.0)))).astype(
        np.float32
    )


def noise(generator: np.random.Generator, height: int, width: int, along: float, across: float) -> F32:
    """Smooth noise of variance 1; large scales are drawn coarsely."""
    step_y, step_x = max(1, int(along / 3)), max(1, int(across / 3))
    rows, columns = height // step_y + 9, width // step_x + 9
    white = generator.standard_normal((rows, columns), dtype=np.float32)
    soft = cv2.GaussianBlur(white, (0, 0), sigmaX=max(across / step_x, 0.3), sigmaY=max(along / step_y, 0.3))
    soft = np.asarray(soft / max(float(soft.std()), 1e-6), np.float32)
    return np.asarray(cv2.resize(soft[4:-4, 4:-4], (width, height), interpolation=cv2.INTER_CUBIC), np.float32)

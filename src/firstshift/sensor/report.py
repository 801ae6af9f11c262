"""One picture of a calibration: photon transfer, light, edge, noise in single pictures. For a person to see at a glance
whether the numbers can be believed: points on their line, a smooth light, samples on the edge's curve.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.core.encode import encode_png
from firstshift.core.image import Image
from firstshift.sensor.blur import TAIL_WIDTH, box_edge
from firstshift.sensor.calibrate import Calibration

Canvas = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]
WIDTH, HEIGHT = 640, 460
LEFT, RIGHT, TOP, BOTTOM = 78, 24, 52, 56
INK, GREY, LINE, DOT, SECOND = (40, 40, 40), (190, 190, 190), (20, 90, 170), (200, 80, 30), (60, 140, 60)
PLAIN = str.maketrans({"σ": "s", "²": "^2", "–": "-", "×": "x", "…": "...", "µ": "u"})


def report_png(found: Calibration) -> bytes:
    """Four panels, as PNG."""
    upper = np.hstack([_transfer_panel(found), _light_panel(found)])
    lower = np.hstack([_edge_panel(found), _levels_panel(found)])
    return encode_png(Image.of(np.vstack([upper, lower])))


class _Panel:
    """Axes with ticks, and points and lines in their coordinates."""

    def __init__(self, title: str, across: str, down: str, x: Sequence[float], y: Sequence[float]) -> None:
        self.canvas: Canvas = np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8)
        self.x = (min(x), max(max(x), min(x) + 1e-9))
        self.y = (min(y), max(max(y), min(y) + 1e-9))
        _write(self.canvas, title, LEFT, 28, 0.62)
        _write(self.canvas, across, LEFT, HEIGHT - 12, 0.45)
        _write(self.canvas, down, 8, TOP - 8, 0.45)
        cv2.rectangle(self.canvas, (LEFT, TOP), (WIDTH - RIGHT, HEIGHT - BOTTOM), GREY, 1)
        for value in _ticks(*self.x):
            column, _ = self._place(value, self.y[0])
            cv2.line(self.canvas, (column, HEIGHT - BOTTOM), (column, HEIGHT - BOTTOM + 5), INK, 1)
            _write(self.canvas, f"{value:g}", column - 14, HEIGHT - BOTTOM + 20, 0.42)
        for value in _ticks(*self.y):
            _, row = self._place(self.x[0], value)
            cv2.line(self.canvas, (LEFT - 5, row), (LEFT, row), INK, 1)
            _write(self.canvas, f"{value:g}", 14, row + 5, 0.42)

    def _place(self, x: float, y: float) -> tuple[int, int]:
        share_x = (x - self.x[0]) / (self.x[1] - self.x[0])
        share_y = (y - self.y[0]) / (self.y[1] - self.y[0])
        return (
            round(LEFT + float(np.clip(share_x, 0, 1)) * (WIDTH - LEFT - RIGHT)),
            round(HEIGHT - BOTTOM - float(np.clip(share_y, 0, 1)) * (HEIGHT - TOP - BOTTOM)),
        )

    def dots(self, x: Sequence[float], y: Sequence[float], colour: tuple[int, int, int], size: int = 4) -> None:
        for one, other in zip(x, y, strict=True):
            cv2.circle(self.canvas, self._place(one, other), size, colour, -1, cv2.LINE_AA)

    def line(self, x: Sequence[float], y: Sequence[float]) -> None:
        places = np.array([self._place(one, other) for one, other in zip(x, y, strict=True)], dtype=np.int32)
        cv2.polylines(self.canvas, [places], False, LINE, 2, cv2.LINE_AA)


def _transfer_panel(found: Calibration) -> Canvas:
    points = found.points
    if not points:
        return _empty("Photon transfer", "no pairs of equal frames")
    mean, variance = [p.mean_dn for p in points], [p.variance_dn2 for p in points]
    panel = _Panel(
        "Photon transfer: noise against brightness", "mean, DN", "variance of one frame, DN^2",
        [0, *mean], [0, max(variance) * 1.08],
    )  # fmt: skip
    if found.line is not None:
        black, gain = found.line.black_dn, found.line.gain_e_per_dn
        floor = ((found.line.read_noise_e or 0.0) / gain) ** 2
        ends = [black, max(mean)]
        panel.line(ends, [(end - black) / gain + floor for end in ends])
        _write(panel.canvas, f"gain {gain:.4g} e/DN", LEFT + 16, TOP + 26, 0.5)
    panel.dots(mean, variance, DOT)
    return panel.canvas


def _light_panel(found: Calibration) -> Canvas:
    grid = found.profile.grid()
    if grid is None:
        return _empty("Illumination", "not measured: taken as even")
    canvas: Canvas = np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8)
    plane = grid.mean(axis=0)
    low, high = float(plane.min()), float(plane.max())
    _write(canvas, f"Illumination: {low:.2f} (dark) to {high:.2f}, lines every 5 %", LEFT, 28, 0.62)
    width, height = found.profile.sensor_px or (4, 3)
    scale = min((WIDTH - LEFT - RIGHT) / width, (HEIGHT - TOP - 30) / height)
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    shown = cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC)
    grey = 60 + 190 * (shown - low) / max(high - low, 1e-6)
    steps = np.floor(shown / 0.05)
    contour = (np.diff(steps, axis=0, append=steps[-1:]) != 0) | (np.diff(steps, axis=1, append=steps[:, -1:]) != 0)
    picture = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    picture[contour] = LINE
    canvas[TOP : TOP + size[1], LEFT : LEFT + size[0]] = picture
    return canvas


def _edge_panel(found: Calibration) -> Canvas:
    if not found.edges:
        return _empty("Edge", "no sharp tilted edge in the pictures: the spread is the usual one")
    sigma, tail = found.profile.psf_sigma_px, found.profile.tail_share
    edge = min(found.edges, key=lambda e: abs(e.sigma_px - sigma) + 2 * e.error_px)
    near = np.abs(edge.profile[0]) < 8
    panel = _Panel(
        f"Edge: spread {sigma:.3g} px ({len(found.edges)} edges)", "distance from the edge, px", "brightness",
        [-8, 8], [-0.1, 1.1],
    )  # fmt: skip
    panel.dots(list(edge.profile[0][near]), list(edge.profile[1][near]), DOT, 2)
    x = np.linspace(-8, 8, 161)
    wide = max(sigma, 0.05)
    panel.line(list(x), list((1 - tail) * box_edge(x, wide) + tail * box_edge(x, TAIL_WIDTH * wide)))
    return panel.canvas


def _levels_panel(found: Calibration) -> Canvas:
    if not found.levels:
        return _empty("Noise by level in single pictures", "no ordinary pictures, or none with calm places")
    mean = [level.point.mean_dn for level in found.levels]
    noise = [level.point.variance_dn2**0.5 for level in found.levels]
    worst = [level.high_dn2**0.5 for level in found.levels]
    panel = _Panel(
        "Noise by level in single pictures", "mean, DN (filled: quietest places, open: with texture)", "noise, DN",
        [0, *mean], [0, max(*worst, 1e-3) * 1.1],
    )  # fmt: skip
    profile = found.profile
    if profile.gamma == 1:
        x = np.linspace(profile.black_level_dn, max(mean), 60)
        light = np.maximum(x - profile.black_level_dn, 0) / profile.gain_e_per_dn
        panel.line(list(x), list(np.sqrt(light + (profile.read_noise_e / profile.gain_e_per_dn) ** 2)))
    _write(panel.canvas, f"gain {profile.gain_e_per_dn:.4g} e/DN, {_source(found)}", LEFT + 16, TOP + 26, 0.5)
    panel.dots(mean, noise, DOT)
    panel.dots(mean, worst, SECOND, 2)
    return panel.canvas


def _source(found: Calibration) -> str:
    gain = found.profile.estimate("gain_e_per_dn")
    if gain is None or gain.measured:
        return "measured"
    return "the usual one" if gain.low is None else "the usual one, moved as far as this noise demands"


def _empty(title: str, why: str) -> Canvas:
    canvas: Canvas = np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8)
    _write(canvas, title, LEFT, 28, 0.62)
    _write(canvas, why, LEFT, HEIGHT // 2, 0.5)
    return canvas


def _write(canvas: Canvas, text: str, x: int, y: int, size: float) -> None:
    cv2.putText(canvas, text.translate(PLAIN), (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, INK, 1, cv2.LINE_AA)


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers between the ends."""
    step = 10.0 ** np.floor(np.log10((high - low) / 4))
    step *= next(factor for factor in (5, 2, 1) if (high - low) / (step * factor) >= 3 or factor == 1)
    first = np.ceil(low / step) * step
    return [float(round(v, 10)) + 0.0 for v in np.arange(first, high + step * 1e-6, step)]

"""The reference through the station's own lens: distortion, line cameras, windows and shrunken views.

Mitsuba's cameras draw straight lines and square pixels. So an undistorted picture is traced and each pixel of the view
taken from where its ray falls in it; a line camera is traced line by line, because each line has an eye of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from firstshift.render.gbuffer import F32
from firstshift.render.reference.camera import Camera, camera_of, detour_px
from firstshift.render.reference.lamps import Shining
from firstshift.render.reference.tracing import Colour, Piece, Way, build_scene, nearest_mm, take, traced
from firstshift.render.reference.variant import ALWAYS, load_mitsuba
from firstshift.render.view import View

STRAIGHT_PX = 0.02
"""Below this nothing is resampled."""


def traced_view(
    pieces: Sequence[Piece],
    lamps: Sequence[tuple[Shining, Colour]],
    view: View,
    *,
    samples: int = 64,
    way: Way = "direct",
    seed: int = 0,
    variant: str = ALWAYS,
) -> F32:
    """(height, width, 3): as `traced`, as the station's camera sees it."""
    if view.is_line:
        return _line_by_line(pieces, lamps, view, samples, way, seed, variant)
    camera = camera_of(view)
    places = detour_px(view, camera)
    columns, rows = np.meshgrid(np.arange(view.width) + 0.5, np.arange(view.height) + 0.5)
    if np.abs(places - np.stack([columns, rows], axis=-1)).max() < STRAIGHT_PX:
        return traced(pieces, lamps, camera, samples=samples, way=way, seed=seed, variant=variant)
    left, top = np.floor(places.min(axis=(0, 1))).astype(int) - 2
    right, bottom = np.ceil(places.max(axis=(0, 1))).astype(int) + 2
    larger = camera.cropped(left, top, right - left, bottom - top)
    straight = traced(pieces, lamps, larger, samples=samples, way=way, seed=seed, variant=variant)
    return _resampled(straight, places - np.array([left, top], np.float32))


def _line_by_line(
    pieces: Sequence[Piece],
    lamps: Sequence[tuple[Shining, Colour]],
    view: View,
    samples: int,
    way: Way,
    seed: int,
    variant: str,
) -> F32:
    """The lights hang with the camera: the part moves, so for each line they are elsewhere above the part."""
    mitsuba = load_mitsuba(variant)
    camera = camera_of(view)
    eyes, _ = view.rays(np.stack([np.full(view.height, view.width / 2), np.arange(view.height) + 0.5], axis=1))
    lines = [replace(camera, eye_mm=eye, principal_px=(camera.principal_px[0], 0.5), height=1) for eye in eyes]
    places = _along_the_line(view, lines[0])
    left, right = int(np.floor(places.min())) - 2, int(np.ceil(places.max())) + 2
    rows = []
    for index, line in enumerate(lines):
        gone = float(line.eye_mm[1] - view.eye_mm[1])
        moved = [(surface.moved((0.0, gone, 0.0)), radiance) for surface, radiance in lamps]
        sensor = line.cropped(left, 0, right - left, 1).sensor(mitsuba, nearest_mm(pieces, line))
        rows.append(
            take(mitsuba, build_scene(mitsuba, pieces, moved, way), sensor, samples, seed * view.height + index)
        )
    x = np.tile(places - left, (view.height, 1))
    y = np.repeat(np.arange(view.height)[:, None] + 0.5, view.width, axis=1)
    return _resampled(np.concatenate(rows), np.stack([x, y], axis=-1))


def _along_the_line(view: View, line: Camera) -> F32:
    """(width,): for each pixel of the view's first line, where the camera of that line has it."""
    origins, directions = view.rays(np.stack([np.arange(view.width) + 0.5, np.full(view.width, 0.5)], axis=1))
    return line.project(origins + 100.0 * directions)[:, 0].astype(np.float32)


def _resampled(image: F32, places: F32) -> F32:
    x, y = np.moveaxis(places.astype(np.float32) - 0.5, -1, 0)
    taken = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(taken, dtype=np.float32)

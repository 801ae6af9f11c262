"""Plates and boards: plain ones, perforated ones, cutting mats, breadboards with a grid of holes."""

from __future__ import annotations

import numpy as np

from firstshift.render.backdrop.pattern import Tile
from firstshift.render.finish.synthesis import fractal

SIDE = 256


def plain(draw: np.random.Generator) -> Tile:
    """Nothing but a little unevenness of colour: what finish and dirt do is enough."""
    return Tile(1 + draw.uniform(0.02, 0.06) * fractal(draw, SIDE, draw.uniform(20, 120)), draw.uniform(0.15, 0.6))


def perforated(draw: np.random.Generator) -> Tile:
    """Round or square holes, in rows or staggered, with a bright, rounded edge; dark below."""
    holes = int(2 ** draw.integers(2, 4))
    axis = (np.arange(SIDE) + 0.5) / SIDE * holes
    row = np.floor(axis)[:, None]
    shift = 0.5 * (row % 2) if draw.uniform() < 0.5 else 0.0
    a, b = (axis[None, :] + shift) % 1 - 0.5, (axis % 1 - 0.5)[:, None] + 0 * axis[None, :]
    away = np.hypot(a, b) if draw.uniform() < 0.75 else np.maximum(np.abs(a), np.abs(b))
    radius = draw.uniform(0.15, 0.36)
    inside = np.clip((radius - away) * SIDE / holes / 1.5 + 0.5, 0, 1)
    pitch_mm = draw.uniform(3, 15)
    texel = pitch_mm * holes / SIDE
    rounded = -(np.clip((away - radius) / 0.05 - 1, -1, 0) ** 2) * pitch_mm * 12
    return Tile(1 - 0.97 * inside, texel, rounded * (1 - inside), 0.95 * inside)


def breadboard(draw: np.random.Generator) -> Tile:
    """A plate with one threaded hole in each tile, 12.5–50 mm apart."""
    axis = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    away = np.hypot(axis[None, :], axis[:, None])
    radius = draw.uniform(0.07, 0.16)
    inside = np.clip((radius - away) * SIDE / 1.5 + 0.5, 0, 1)
    bevel = np.clip(1 - np.abs(away - radius * 1.15) / (0.15 * radius), 0, 1)
    return Tile((1 - 0.95 * inside) * (1 + 0.25 * bevel), draw.uniform(12.5, 50) / SIDE, None, 0.9 * inside)


def cutting_mat(draw: np.random.Generator) -> Tile:
    """Printed centimetres with thin lines between, and cuts all over."""
    centimetres = int(2 ** draw.integers(0, 2))
    texel = 10.0 * centimetres / SIDE
    pitch = SIDE // centimetres
    place = np.arange(SIDE) % pitch
    thick, thin = place < max(1, round(0.25 / texel)), (place % (pitch // 2)) < max(1, round(0.12 / texel))
    tint = 1 + 0.015 * fractal(draw, SIDE, 6.0)
    lines = np.maximum(thick[:, None] | thick[None, :], 0.5 * (thin[:, None] | thin[None, :]))
    tint = tint * (1 + draw.uniform(0.4, 1.6) * lines)
    height = 3 * fractal(draw, SIDE, 5.0)
    for _ in range(int(draw.integers(0, 12))):
        turn, reach = draw.uniform(0, np.pi), np.arange(draw.integers(30, 200))
        row = (draw.uniform(0, SIDE) + reach * np.sin(turn)).astype(int) % SIDE
        column = (draw.uniform(0, SIDE) + reach * np.cos(turn)).astype(int) % SIDE
        tint[row, column] *= draw.uniform(0.6, 1.3)
        height[row, column] -= 25
    return Tile(tint, texel, height)

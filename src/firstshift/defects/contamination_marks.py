"""What wets the surface: oil and fingerprints. Called by `contamination`, which says what they are."""

from __future__ import annotations

import numpy as np

from firstshift.core.imprint import Ground, Imprint, Stuff
from firstshift.defects.draws import Draws
from firstshift.defects.grid import SOFT_CELLS, grid_over
from firstshift.defects.layers import imprint_of, smoothstep
from firstshift.defects.noise import noise
from firstshift.defects.outline import blobs, same_area

SWEAT = Stuff("sweat", (0.42, 0.41, 0.38), roughness=0.6)
RIDGE_MM = 0.45
"""Ridge to ridge on a finger (Cummins & Midlo 1943: 0.4–0.5 mm)."""


def oil(ground: Ground, draws: Draws, size: float) -> Imprint:
    """Pools that ran together, thickest in the middle, with a wetting angle at the rim; a few droplets around them."""
    shape = draws.generator("shape")
    pools = draws.graded_count_between("pools", 1, 4)
    angle = draws.between("wetting_deg", 2, 9)
    yellow = draws.between("yellow", 0.0, 0.12)
    droplets = int(shape.poisson(7))
    wide = size * np.concatenate([shape.uniform(0.5, 0.9, pools), shape.gamma(1.4, 0.025, droplets).clip(0.012, 0.14)])
    turn = shape.uniform(0, 2 * np.pi, pools + droplets)
    out_mm = size * np.concatenate([shape.uniform(0, 0.24, pools), shape.uniform(0.42, 0.85, droplets)])
    if pools == 1:
        out_mm[0] = 0
    places = np.stack([out_mm * np.cos(turn), out_mm * np.sin(turn)], axis=1)
    outline = blobs(shape, wide, places, elongation=shape.uniform(1, 1.5, len(wide)), rough=0.06, gain=1.8)
    u, v = (1.3 * r for r in outline.reach_mm)
    patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=size, most=SOFT_CELLS)
    out, _ = outline.out(patch, 1.3)
    wave = noise(shape, (u, v), size / 2.5, octaves=4, gain=0.5).on(patch)
    q = same_area(np.minimum(out, 9) + np.float32(0.07) * wave * np.minimum(out, 1), patch, size)
    border = np.clip((1.3 - out) / 0.1, 0, 1)
    inside = np.clip(1 - q, 0, 1)
    # Here the border stands as a bead, there it creeps out into nothing.
    creeping = 0.03 + 0.3 * np.clip(wave[::-1, ::-1], 0, 1.2) ** 2
    film = smoothstep(inside / creeping) * border
    # A lens near its rim, a flat sheet further in: the wetting angle holds at the border only.
    rise = float(np.tan(np.deg2rad(angle))) * size / 2 * 0.12
    height = rise * (1 - np.exp(-inside / 0.12)) * (1 + 0.25 * wave) * film
    warm = (np.array([0.25, 0.5, 1.0]) * yellow + 0.03).astype(np.float32)
    # Thin at the rim, thicker where the pools ran together: its colour comes and goes with it.
    deep = film * np.clip(0.25 + 0.55 * (1 - np.exp(-inside / 0.35)) + 0.22 * wave, 0.1, 1)
    tint = np.stack([1 - deep * k for k in warm], axis=-1)
    return imprint_of(
        patch, draws.recorded, height_mm=height.astype(np.float32), tint=tint, film=film.astype(np.float32),
        hides_finish=(0.55 * film).astype(np.float32),
    )  # fmt: skip


def fingerprint(ground: Ground, draws: Draws, size: float) -> Imprint:
    """Ridges as the lines of equal phase of a field with a core, bent by noise; a vortex in the phase is where a ridge
    ends or forks (Sherlock & Monro 1993)."""
    pattern = draws.choice("pattern", loop=5, whorl=3, arch=1)
    strength = draws.between("strength", 0.35, 1.0)
    shape = draws.generator("shape")
    outline = blobs(shape, np.array([size]), np.zeros((1, 2)), elongation=shape.uniform(1.15, 1.5), rough=0.05)
    u, v = (1.2 * r for r in outline.reach_mm)
    patch = grid_over(ground, 2 * u, 2 * v, narrowest_mm=5 * RIDGE_MM, most=75_000)
    out, _ = outline.out(patch, 1.2)
    cloud = noise(shape, (u, v), size / 3, octaves=4, gain=0.6).on(patch)
    bend = noise(shape, (u, v), max(size / 3, 2.0), octaves=2, gain=0.35).on(patch)
    core = shape.uniform(-0.15, 0.15, 2) * size
    x, y = patch.u_mm[None, :] - core[0], patch.v_mm[:, None] - core[1]
    if pattern == "whorl":
        away = np.hypot(x / 1.25, y)
    elif pattern == "loop":
        away = np.where(x > 0, np.hypot(0.75 * x, y), np.abs(y) + 0.12 * x * np.tanh(y))
    else:
        away = y + 1.3 * np.exp(-((x / (0.3 * size)) ** 2)) * np.exp(-np.clip(y, 0, None) / (0.4 * size))
    phase = 2 * np.pi / RIDGE_MM * (away + 0.9 * bend)
    ends = np.ones(patch.shape, np.complex64)
    z = (x + 1j * y).astype(np.complex64)
    for _ in range(int(np.clip(size * size / 22, 2, 14))):
        spot = np.complex64(complex(shape.uniform(-0.45, 0.45) * size, shape.uniform(-0.45, 0.45) * size))
        ends *= (z - spot) if shape.random() < 0.5 else np.conj(z - spot)
    ridge = smoothstep(0.5 + 0.9 * np.cos(phase + np.angle(ends)) + 0.25 * cloud)
    beads = noise(shape, (u, v), RIDGE_MM * 0.55).on(patch)
    pressed = smoothstep((1.0 + 0.16 * np.tanh(cloud) - np.minimum(out, 9)) / 0.3) * np.clip(
        0.75 + 0.4 * cloud, 0.05, 1
    )
    sweat = (strength * pressed * ridge * np.clip(0.85 + 0.35 * beads, 0, 1)).astype(np.float32)
    # On metal the droplets break the mirror; elsewhere what shows is their salt and fat, pale on dark ground.
    dark, matt = (0.2, 1.1) if ground.is_metal else (0.1, 0.8)
    tint = np.repeat((1 - np.float32(dark) * sweat)[..., None], 3, axis=-1)
    return imprint_of(
        patch, draws.recorded, tint=tint, smoothness=1 + np.float32(matt) * sweat, film=np.float32(0.25) * sweat,
        hides_finish=np.float32(0.25) * sweat, stuff=SWEAT, cover=np.float32(0.05 if ground.is_metal else 0.12) * sweat,
    )  # fmt: skip

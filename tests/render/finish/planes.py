"""Small G-buffers made by hand: a tilted, turned plane of random points, and a wall of a cylinder."""

import numpy as np

from firstshift.render.gbuffer import GBuffer


def gbuffer_of(local, facet, rotation, pixel_mm, normal=None):
    count = len(local)
    local = np.asarray(local, np.float32)
    turned = (np.asarray(facet, np.float64) @ rotation.T).astype(np.float32)
    normal = turned if normal is None else (np.asarray(normal, np.float64) @ rotation.T).astype(np.float32)
    first = np.cross(normal, np.array([0.3, 0.9, 0.2]))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(normal, first)
    return GBuffer(
        count, 1, np.arange(count, dtype=np.int32), np.zeros((count, 2), np.float32), np.ones(count, np.float32),
        np.zeros(count, np.int16), np.zeros(count, np.int32), (local @ rotation.T).astype(np.float32), local,
        normal, turned, normal.copy(), (first * pixel_mm).astype(np.float32), (second * pixel_mm).astype(np.float32),
        np.full(count, 300, np.float32),
    )  # fmt: skip


def flat(count, pixel_mm, seed=1, width_mm=40.0, rotation=None):
    points = np.random.default_rng(seed).uniform(-width_mm / 2, width_mm / 2, (count, 3))
    points[:, 2] = 0
    return gbuffer_of(points, np.tile([0, 0, 1.0], (count, 1)), np.eye(3) if rotation is None else rotation, pixel_mm)


def wall(count, pixel_mm, radius_mm=12.0, seed=2):
    draw = np.random.default_rng(seed)
    turn, z = draw.uniform(-3, 3, count), draw.uniform(0, 30, count)
    normal = np.stack([np.cos(turn), np.sin(turn), 0 * turn], 1)
    return gbuffer_of(normal * radius_mm + [[0, 0, 1]] * z[:, None], normal, np.eye(3), pixel_mm)

"""How much the surface around a flaw varies, face by face: texture hides a flaw as noise does.

Another face, and what lies behind the part, are no texture: their outline hides nothing. Rendered images and flaws on
photographs both ask here, so that a label means the same on either.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from firstshift.core.mesh import Mesh
from firstshift.line.synth.lit import Box
from firstshift.render.gbuffer import F32, GBuffer
from firstshift.render.noticing import ENOUGH_PIXELS, texture_of_face

Flags = npt.NDArray[np.bool_]
SURROUNDINGS_PX = 12
"""How far around a flaw its surface is looked at."""
FEWEST_OF_A_FACE = 24
"""A face of which fewer pixels are around a flaw tells no spread."""


def texture_around(
    numbers: F32, box: Box, pixel: npt.NDArray[np.integer], gbuffer: GBuffer, mesh: Mesh, shown: Flags | None = None
) -> F32:
    """(P,): how much the face that each of these pixels lies on varies in `box`, of which `numbers` (h, w, C) is what
    is seen. `shown` (height, width): where that is the part; None: everywhere."""
    step = math.ceil(math.sqrt(numbers.shape[0] * numbers.shape[1] / ENOUGH_PIXELS))
    rows, columns = np.mgrid[box.top : box.bottom : step, box.left : box.right : step]
    rows, columns = rows.ravel(), columns.ravel()
    near, whole = _faces(gbuffer, mesh, rows * gbuffer.width + columns)
    if shown is not None:
        whole &= shown[rows, columns]
    grey = numbers[::step, ::step, numbers.shape[2] // 2].ravel()  # green where there are colours
    covered, _ = _faces(gbuffer, mesh, pixel)
    sigma = np.zeros(len(pixel), np.float32)
    for face in np.unique(covered):
        on = np.flatnonzero((near == face) & whole)
        if len(on) >= FEWEST_OF_A_FACE:
            sigma[covered == face] = texture_of_face(grey[on], rows[on] - box.top, columns[on] - box.left)
    return sigma


def _faces(gbuffer: GBuffer, mesh: Mesh, pixel: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.int64], Flags]:
    """(P,) each: the number of the face that a pixel shows, and whether it shows nothing else."""
    first, count = gbuffer.samples_of(pixel)
    whole = count == 1
    first = np.minimum(first, len(gbuffer.pixel) - 1)
    surface = gbuffer.surface[first].astype(np.int64)
    on_part = (surface >= 0) & (surface < len(mesh.body_names))
    face = mesh.face[np.where(on_part, gbuffer.triangle[first], 0)].astype(np.int64)
    return np.where(on_part, face, -2 - surface), whole

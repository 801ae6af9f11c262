"""From light to digital numbers, pixel by pixel: shot noise, fixed pattern, read noise, black level, quantisation.

    e  = Poisson(share · full scale · (1 + PRNU·a))      a, b: the camera's own, the same in every image
    DN = round((e + DSNU·b + read noise · c) / gain + black level), cut at 0 and white

(EMVA 1288 release 4.0, section 2.) Every number drawn is a hash of the place on the sensor and a key, so that a window
of an image has the noise of that window, whatever was drawn before. A line camera has one row of pixels: its fixed
pattern runs down the image as streaks, while the noise of time is new in every line. Shot noise above `GAUSS_FROM_E`
electrons is drawn as λ + √λ·z + (z² − 1)/6 (Cornish and Fisher 1938: mean, variance and skewness of the Poisson law);
below it by inverting the Poisson law itself. `develop_slowly` is the same in numpy.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from numba import njit

F32 = npt.NDArray[np.float32]
U16 = npt.NDArray[np.uint16]
GAUSS_FROM_E = 20.0
TABLE_SIZE = 1 << 16
_X = np.uint64(0x9E3779B97F4A7C15)
_Y = np.uint64(0xC2B2AE3D27D4EB4F)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)
_16, _32, _48 = np.uint64(16), np.uint64(32), np.uint64(48)
_LOW = np.uint64(0xFFFF)


@cache
def normal_table() -> F32:
    """Quantiles of the normal law at the middles of 65,536 equal shares, scaled to a standard deviation of 1."""
    from scipy.special import ndtri

    table = ndtri((np.arange(TABLE_SIZE) + 0.5) / TABLE_SIZE)
    made: F32 = (table / table.std()).astype(np.float32)
    made.setflags(write=False)
    return made


@njit(cache=True, nogil=True, inline="always")
def _mixed(key, x, y):  # type: ignore[no-untyped-def]
    """SplitMix64's finaliser (Stafford 2011, variant 13) over key and place."""
    h = key + np.uint64(x) * _X + np.uint64(y) * _Y
    h = (h ^ (h >> _30)) * _M1
    h = (h ^ (h >> _27)) * _M2
    return h ^ (h >> _31)


@njit(cache=True, nogil=True)
def _poisson(mean, uniform):  # type: ignore[no-untyped-def]
    """The smallest count whose probability up to and including it exceeds `uniform`."""
    term = np.exp(-mean)
    reached = term
    count = 0
    while reached <= uniform and count < 200:
        count += 1
        term *= mean / count
        reached += term
    return count


def develop(
    light: F32,
    field: F32,
    table: F32,
    keys: npt.NDArray[np.uint64],
    place: npt.NDArray[np.int64],
    camera: F32,
    factors: F32,
    out: U16,
    by_line: bool = False,
) -> None:
    """`light` (H, W) as share of full scale times `field` (H, W) → `out` uint16 DN.

    keys: uint64 of the camera's pattern and of this image; place: x0, y0 on the sensor; camera: full scale e, gain,
    black level, read noise e, PRNU, DSNU e, white DN, gamma; factors: exposure, noise. `by_line`: every row comes from
    the same one row of pixels.
    """
    shape = (1 if by_line else int(light.shape[0]), int(light.shape[1]))
    corner = (int(place[0]), 0 if by_line else int(place[1]))
    own_gain, own_offset = _own_pattern(int(keys[0]), corner, shape, float(camera[4]), float(camera[5]))
    _developed(light, field, table, keys[1], place, camera, factors, own_gain, own_offset, out)


@lru_cache(maxsize=4)
def _own_pattern(key: int, place: tuple[int, int], shape: tuple[int, int], prnu: float, dsnu: float) -> tuple[F32, F32]:
    """The camera's own factor and offset in e of each pixel: the same for all images of one window."""
    gain, offset = np.empty(shape, np.float32), np.empty(shape, np.float32)
    numbers = np.array([prnu, dsnu], np.float32)
    _patterned(normal_table(), np.uint64(key), np.array(place, np.int64), numbers, gain, offset)
    gain.setflags(write=False)
    offset.setflags(write=False)
    return gain, offset


@njit(cache=True, nogil=True)
def _patterned(table, key, place, numbers, gain, offset):  # type: ignore[no-untyped-def]
    height, width = gain.shape
    for row in range(height):
        for column in range(width):
            own = _mixed(key, place[0] + column, place[1] + row)
            gain[row, column] = np.float32(1.0) + numbers[0] * table[own & _LOW]
            offset[row, column] = numbers[1] * table[(own >> _16) & _LOW]


@njit(cache=True, nogil=True)
def _developed(light, field, table, key, place, camera, factors, own_gain, own_offset, out):  # type: ignore[no-untyped-def]
    full, gain, black, read = camera[0], camera[1], camera[2], camera[3]
    white, gamma = camera[6], camera[7]
    scale, noisy = full * factors[0], factors[1]
    inverse, bent = np.float32(1.0) / gain, gamma != 1.0
    unbend = np.float32(1.0) / gamma
    height, width = light.shape
    last = own_gain.shape[0] - 1
    for row in range(height):
        own_row = min(row, last)
        for column in range(width):
            drawn = _mixed(key, place[0] + column, place[1] + row)
            mean = light[row, column] * field[row, column] * scale * own_gain[own_row, column]
            mean = max(mean, np.float32(0.0))
            if mean >= np.float32(GAUSS_FROM_E):
                z = table[drawn & _LOW]
                off = np.sqrt(mean) * z + (z * z - np.float32(1.0)) * np.float32(1.0 / 6.0)
            else:
                uniform = np.float64(drawn & np.uint64(0xFFFFFFFF)) / 4294967296.0
                off = np.float32(_poisson(np.float64(mean), uniform)) - mean
            off += read * table[drawn >> _48]
            level = (mean + noisy * off + own_offset[own_row, column]) * inverse + black
            if bent:
                level = white * max(level / white, np.float32(0.0)) ** unbend
            out[row, column] = np.uint16(min(max(level + np.float32(0.5), np.float32(0.0)), white))


def _mixed_slowly(key: np.uint64, x: npt.NDArray[np.uint64], y: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    h = key + x * _X + y * _Y
    h = (h ^ (h >> _30)) * _M1
    h = (h ^ (h >> _27)) * _M2
    return np.asarray(h ^ (h >> _31))


def develop_slowly(
    light: F32,
    field: F32,
    table: F32,
    keys: npt.NDArray[np.uint64],
    place: npt.NDArray[np.int64],
    camera: F32,
    factors: F32,
    by_line: bool = False,
) -> U16:
    """The readable twin of `develop`."""
    full, gain, black, read, prnu, dsnu, white, gamma = camera.astype(np.float64)
    exposure, noisy = factors.astype(np.float64)
    height, width = light.shape
    y, x = np.meshgrid(
        place[1] + np.arange(height, dtype=np.int64), place[0] + np.arange(width, dtype=np.int64), indexing="ij"
    )
    own = _mixed_slowly(keys[0], x.astype(np.uint64), (y * (not by_line)).astype(np.uint64))
    drawn = _mixed_slowly(keys[1], x.astype(np.uint64), y.astype(np.uint64))
    mean = light.astype(np.float64) * field * full * exposure * (1 + prnu * table[own & _LOW])
    mean = np.maximum(mean, 0)
    z = table[drawn & _LOW].astype(np.float64)
    shot = np.sqrt(mean) * z + (z * z - 1) / 6
    counts, reached, term = np.zeros_like(mean), np.exp(-mean), np.exp(-mean)
    uniform = (drawn & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2**32
    few = mean < GAUSS_FROM_E
    for count in range(1, 201):
        more = few & (reached <= uniform)
        if not more.any():
            break
        counts += more
        term = term * mean / count
        reached = reached + np.where(more, term, 0)
    off = np.where(few, counts - mean, shot) + read * table[drawn >> _48]
    level = (mean + noisy * off + dsnu * table[(own >> _16) & _LOW]) / gain + black
    if gamma != 1:
        level = white * np.maximum(level / white, 0) ** (1 / gamma)
    return np.asarray(np.clip(level + 0.5, 0, white).astype(np.uint16))

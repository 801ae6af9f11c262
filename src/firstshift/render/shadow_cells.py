"""Kernels of `visibility`: which rays to trace, and what the others may take over from their neighbours.

Up to 64 emitters at a time, one bit each. For every sample: `known` (traced or taken over), `traced`, `open`. `cares`
holds, for each triangle, the emitters above its plane: the others need no ray.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from firstshift.render.casting import at, dot, plus, put, times

Bits = npt.NDArray[np.uint64]
Whole = npt.NDArray[np.int32]
F32 = npt.NDArray[np.float32]
NONE, ONE = np.uint64(0), np.uint64(1)
MOST_LEAN = 0.2


@njit(cache=True, nogil=True)
def caring(seen: Any, shape: Any, lamps: F32, care: Bits, grazed: Bits) -> None:
    """For each triangle the camera sees, the emitters above its plane, and those that lie below by no more than its
    plane leans away from the round surface it stands for: `grazed` light falls on that surface although the triangle
    hides it, and is taken to arrive (the terminator problem; Hanika, Ray Tracing Gems II, 2021, ch. 4)."""
    corner, base, by_first, by_second, facets = shape[0], shape[3], shape[4], shape[5], shape[6]
    for t in range(len(seen)):
        if not seen[t]:
            continue
        facet, first = at(facets, t), at(base, t)
        least = dot(facet, first)
        least = min(least, dot(facet, plus(first, 1.0, at(by_first, t))))
        least = min(least, dot(facet, plus(first, 1.0, at(by_second, t))))
        lean = np.sqrt(max(0.0, 1 - least * least)) if least < 0.999999 else 0.0
        for e in range(len(lamps)):
            way = plus(at(lamps, e), -1.0, at(corner, t))
            height = dot(facet, way)
            if height > 0:
                care[t] |= ONE << np.uint64(e)
            elif height > -min(lean, MOST_LEAN) * np.sqrt(dot(way, way)):
                grazed[t] |= ONE << np.uint64(e)


@njit(cache=True, nogil=True)
def rays_for(
    want: Bits, care: Bits, traced: Bits, position: F32, lit: F32, facet: F32, clearance: float, lamps: F32
) -> tuple[Whole, Whole, F32, F32]:
    """The rays that are wanted, matter and have not been traced: sample, emitter, origin and way of each."""
    count = 0
    for i in range(len(want)):
        bits = want[i] & care[i] & ~traced[i]
        while bits != NONE:
            count += 1
            bits &= bits - ONE
    sample, lamp = np.empty(count, np.int32), np.empty(count, np.int32)
    origins, ways = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    k = 0
    for i in range(len(want)):
        bits = want[i] & care[i] & ~traced[i]
        if bits == NONE:
            continue
        above = times(clearance, at(facet, i))
        start, seen_from = plus(at(position, i), 1.0, above), plus(at(lit, i), 1.0, above)
        for e in range(len(lamps)):
            if bits & (ONE << np.uint64(e)) != NONE:
                sample[k], lamp[k] = i, e
                put(origins, k, start)
                put(ways, k, plus(at(lamps, e), -1.0, seen_from))
                k += 1
    return sample, lamp, origins, ways


@njit(cache=True, nogil=True)
def noted(want: Bits, known: Bits, traced: Bits, is_open: Bits, sample: Whole, lamp: Whole, blocked: Any) -> None:
    """Writes down what the rays found and empties `want`."""
    for i in range(len(want)):
        known[i] |= want[i]
        traced[i] |= want[i]
        want[i] = NONE
    for k in range(len(sample)):
        bit = ONE << np.uint64(lamp[k])
        if blocked[k]:
            is_open[sample[k]] &= ~bit
        else:
            is_open[sample[k]] |= bit


@njit(cache=True, nogil=True)
def refined(
    cells: Whole, masks: Bits, width: int, first: Whole, crowd: Whole,
    want: Bits, care: Bits, known: Bits, is_open: Bits,
) -> tuple[Whole, Bits]:  # fmt: skip
    """One round: cells (K, 4) of top, bottom, left, right whose corners are known either take their corners' answer
    throughout, or fall into four whose corners are then wanted.

    `crowd` (height + 1, width + 1) sums up the pixels on outlines: a cell without any shows one smooth surface.
    """
    smaller = np.empty((4 * len(cells), 4), np.int32)
    left_over = np.empty(4 * len(cells), np.uint64)
    count = 0
    for k in range(len(cells)):
        top, bottom, left, right = cells[k, 0], cells[k, 1], cells[k, 2], cells[k, 3]
        if bottom - top <= 1 and right - left <= 1:
            continue
        outlined = crowd[bottom + 1, right + 1] - crowd[top, right + 1] - crowd[bottom + 1, left] + crowd[top, left]
        rest = masks[k]
        if outlined == 0:
            some_open, some_blocked = NONE, NONE
            for i in (top * width + left, top * width + right, bottom * width + left, bottom * width + right):
                j = first[i]
                some_open |= is_open[j] & care[j]
                some_blocked |= ~is_open[j] & care[j]
            agreed = masks[k] & ~(some_open & some_blocked)
            rest = masks[k] & ~agreed
            dark = agreed & some_blocked
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    j = first[row * width + column]
                    fresh = agreed & ~known[j]
                    known[j] |= fresh
                    is_open[j] = (is_open[j] | fresh) & ~(fresh & dark)
        if rest == NONE:
            continue
        middle, centre = (top + bottom) // 2, (left + right) // 2
        for low in range(2 if bottom - top > 1 else 1):
            for far in range(2 if right - left > 1 else 1):
                r0, r1 = (middle if low else top), (bottom if low or bottom - top <= 1 else middle)
                c0, c1 = (centre if far else left), (right if far or right - left <= 1 else centre)
                smaller[count, 0], smaller[count, 1], smaller[count, 2], smaller[count, 3] = r0, r1, c0, c1
                left_over[count] = rest
                count += 1
                for i in (r0 * width + c0, r0 * width + c1, r1 * width + c0, r1 * width + c1):
                    want[first[i]] |= rest & ~known[first[i]]
    return smaller[:count], left_over[:count]


@njit(cache=True, nogil=True)
def doubtful(width: int, height: int, first: Whole, crowded: Any, want: Bits, care: Bits, traced: Bits,
             is_open: Bits) -> int:  # fmt: skip
    """Wants the pixels that took an answer over and lie beside another answer; how many."""
    found = 0
    for row in range(height):
        for column in range(width):
            i = row * width + column
            if crowded[i]:
                continue
            for j, exists in ((i + 1, column + 1 < width), (i + width, row + 1 < height)):
                if not exists or crowded[j]:
                    continue
                a, b = first[i], first[j]
                differ = (is_open[a] ^ is_open[b]) & care[a] & care[b]
                if differ != NONE:
                    new_a, new_b = differ & ~traced[a], differ & ~traced[b]
                    want[a] |= new_a
                    want[b] |= new_b
                    found += int(new_a != NONE) + int(new_b != NONE)
    return found


@njit(cache=True, nogil=True)
def spread(
    width: int, height: int, first: Whole, crowded: Any, care: Bits, grazed: Bits, is_open: Bits, out: Any
) -> None:
    """Bits as 0 and 255 for each emitter. A pixel on the border of a shadow weighs its four neighbours in: half its
    own answer, an eighth of each of theirs, as its area would."""
    emitters = out.shape[1]
    for i in range(len(care)):
        bits = (is_open[i] & care[i]) | grazed[i]
        for e in range(emitters):
            out[i, e] = 255 if (bits >> np.uint64(e)) & ONE else 0
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            i = row * width + column
            if crowded[i]:
                continue
            here = first[i]
            mine, differ, usable = is_open[here] & care[here], NONE, True
            for j in (i - 1, i + 1, i - width, i + width):
                usable = usable and not crowded[j]
                differ |= (is_open[first[j]] ^ is_open[here]) & care[first[j]]
            differ &= care[here]
            if not usable or differ == NONE:
                continue
            for e in range(emitters):
                bit = ONE << np.uint64(e)
                if differ & bit != NONE:
                    eighths = 4 if mine & bit != NONE else 0
                    for j in (i - 1, i + 1, i - width, i + width):
                        theirs = is_open[first[j]] if care[first[j]] & bit != NONE else mine
                        eighths += 1 if theirs & bit != NONE else 0
                    out[here, e] = eighths * 255 // 8

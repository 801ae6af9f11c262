"""Which pixels of a photograph show the part: told from the border, where a background is if there is any.

The background's brightness and saturation are the border's median; a pixel's distance from it is measured in units of
the border's own spread, and Otsu's threshold (1979) parts the distances. Where the border is no even background, or the
two groups are not far apart, nothing is cut away: the whole photograph is taken to show the part.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from firstshift.render.gbuffer import F32

Flags = npt.NDArray[np.bool_]
WORKING_PX = 512
BORDER = 0.03
"""Width of the border looked at, as a share of the shorter side."""
LEAST_APART = 0.12
"""Of the brightness range: a part that differs less from its background is not parted from it."""
LEAST_EXPLAINED = 0.75
"""Share of the variance that the two groups explain (Otsu's η)."""
MOST_OF_BORDER = 0.5
"""A part that covers more of the border is a picture without background."""
SMALL = 0.01
"""Holes and islands below this share of the part are specks of light or dirt, not background or part."""
WIDE_SPREAD = 0.1
"""A border with a wider spread of brightness is no plain background."""


@dataclass(frozen=True, slots=True, eq=False)
class Foreground:
    mask: Flags
    """(H, W)"""
    is_whole: bool
    why: str
    """Why nothing was cut away; '' where something was."""


def foreground_of(light: F32) -> Foreground:
    """`light` is (H, W, C), linear or not, 0…1."""
    height, width = light.shape[:2]
    whole = np.ones((height, width), np.bool_)
    shrink = min(1.0, WORKING_PX / max(height, width))
    small = cv2.resize(light, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else light
    features = _features(np.asarray(small, np.float32).reshape(*small.shape[:2], -1))
    border = _border(features.shape[:2])
    middle = np.median(features[border], axis=0)
    if float(np.median(np.abs(features[border] - middle), axis=0)[0]) * 1.4826 > WIDE_SPREAD:
        return Foreground(whole, True, "the border is no even background")
    away = np.linalg.norm(features - middle, axis=2).astype(np.float32)
    least, explained = _otsu(away)
    found = away > least
    apart = float(away[found].mean() - away[~found].mean()) if found.any() and not found.all() else 0.0
    if explained < LEAST_EXPLAINED or apart < LEAST_APART * max(float(features[:, :, 0].max()), 1e-6):
        return Foreground(whole, True, "nothing stands out from the border")
    found = _tidied(found)
    if not found.any() or float(found[border].mean()) > MOST_OF_BORDER:
        return Foreground(whole, True, "what stands out covers the border")
    mask = cv2.resize(found.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) >= 0.5
    return Foreground(np.asarray(mask), False, "")


def worn(mask: Flags, pixels: int) -> Flags:
    """The mask without its outermost pixels; what touches the picture's border stays."""
    if pixels <= 0 or mask.all():
        return mask
    round_one = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    ringed = cv2.copyMakeBorder(mask.astype(np.uint8), pixels, pixels, pixels, pixels, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.erode(ringed, round_one)[pixels:-pixels, pixels:-pixels] > 0)


def _features(light: F32) -> F32:
    """(H, W, 2): square root of brightness, on which noise is even, and saturation."""
    smooth = cv2.GaussianBlur(light, (0, 0), 1.0).reshape(light.shape)
    brightness = np.sqrt(np.maximum(smooth.mean(axis=2), 0))
    high, low = smooth.max(axis=2), smooth.min(axis=2)
    saturation = (high - low) / (high + 0.02)
    return np.stack([brightness, saturation], axis=2).astype(np.float32)


def _border(shape: tuple[int, int]) -> Flags:
    wide = max(1, round(BORDER * min(shape)))
    border = np.ones(shape, np.bool_)
    border[wide:-wide, wide:-wide] = False
    return border


def _otsu(values: F32) -> tuple[float, float]:
    """The threshold, and the share of the variance between its two groups."""
    top = float(values.max())
    counts, edges = np.histogram(values, 256, (0.0, max(top, 1e-6)))
    share = counts / counts.sum()
    centres = (edges[1:] + edges[:-1]) / 2
    below, sum_below = np.cumsum(share), np.cumsum(share * centres)
    total = sum_below[-1]
    between = (total * below - sum_below) ** 2 / np.maximum(below * (1 - below), 1e-12)
    best = int(np.argmax(between[:-1]))
    variance = float((share * (centres - total) ** 2).sum())
    return float(edges[best + 1]), float(between[best]) / max(variance, 1e-12)


def _tidied(found: Flags) -> Flags:
    """Closed over specks; islands and holes that are small beside the part are gone."""
    round_one = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    closed = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, round_one)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, round_one) > 0
    least = SMALL * max(int(opened.sum()), 1)
    return ~_without_small(~_without_small(opened, least), least)


def _without_small(mask: Flags, least: float) -> Flags:
    _, numbered, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    kept = facts[:, cv2.CC_STAT_AREA] >= least
    kept[0] = False
    return np.asarray(kept[numbered])

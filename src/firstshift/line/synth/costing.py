"""What an image of each class costs in processor time: where the cliffs of a plan are.

    class_costs(order, images=24)      # painting and encoding alone, in this process; nothing is recorded

Seconds of the processor, not of the clock: other work on the machine hardly changes them. A pose is prepared once and
shared by as many images as the plan says; each image bears its share, as in a long run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from firstshift.line.synth.classes import SPREAD, first_images
from firstshift.line.synth.order import Order
from firstshift.line.synth.painting import Painter
from firstshift.line.synth.placing import NoPlace
from firstshift.line.synth.recipe import Unit
from firstshift.line.synth.settings import GOOD

POSES = 2
"""Poses that a class is measured on."""


@dataclass(frozen=True, slots=True)
class ClassCost:
    kind: str
    images: int
    processor_ms: float
    """An image, with its share of the pose."""
    pose_ms: float
    """To prepare a pose; for good parts each image has its own."""


def class_costs(order: Order, images: int = 24) -> tuple[ClassCost, ...]:
    """Good parts (a quarter as many) and every class that can be drawn. A class without a place is left out."""
    painter = order.painter()
    found = []
    with _one_thread():
        for kind, count in [(GOOD, max(1, images // 4)), *((name, images) for name in painter.stage.drawn.classes)]:
            painter.paint_unit(Unit(kind, 0, 1))  # what is compiled or read now is not counted
            cost = _cost(painter, kind, count)
            found += [] if cost is None else [cost]
    return tuple(found)


def _cost(painter: Painter, kind: str, images: int) -> ClassCost | None:
    most = 1 if kind == GOOD else painter.stage.plan.synthetic.images_per_pose
    # The first poses of a class bear fewer images than the later ones, which a long run mostly has.
    starts = (first for first in first_images(painter.stage.plan, kind) if first >= SPREAD * most)
    posed = painted = 0.0
    done = poses = 0
    for _ in range(images if kind == GOOD else POSES):
        unit = Unit(kind, next(starts), min(most, -(-images // POSES)))
        began = time.process_time()
        try:
            painter.ready_for(kind, unit.first)
        except NoPlace:
            continue
        ready = time.process_time()
        done += len(painter.paint_unit(unit))
        posed, painted, poses = posed + ready - began, painted + time.process_time() - ready, poses + 1
    if not done:
        return None
    pose_ms = 1000 * posed / poses
    return ClassCost(kind, done, 1000 * painted / done + pose_ms / most, pose_ms)


@contextmanager
def _one_thread() -> Iterator[None]:
    """As workers paint: side by side, each on a core of its own."""
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)

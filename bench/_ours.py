"""Our own images through the whole pipeline, with the time that each unit of work took in its worker.

A module of its own, because worker processes import it by name.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firstshift.line.synth.crew import Processes
from firstshift.line.synth.drawing import units_of
from firstshift.line.synth.order import Order
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.painting import Painter
from firstshift.line.synth.recipe import Unit
from firstshift.line.synth.settings import GOOD, SynthSettings
from firstshift.line.synth.stage import Stage
from measurement import interval

FAR = 1_000_000
"""Number of the images that warm up: none that is counted."""


@dataclass(frozen=True, slots=True)
class Spent:
    images: int
    began: float
    ended: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    units: tuple[Spent, ...]

    @property
    def images(self) -> int:
        return sum(unit.images for unit in self.units)

    @property
    def wall_s(self) -> float:
        """For one image, all workers together."""
        return (max(unit.ended for unit in self.units) - min(unit.began for unit in self.units)) / self.images

    @property
    def cpu_s(self) -> float:
        return _cpu_s(self.units)

    @property
    def cpu_interval(self) -> tuple[float, float]:
        """95 %, bootstrap over units of work, small and large ones: all their time over all their images."""
        return interval(self.units, _cpu_s)


def _cpu_s(units: Sequence[Spent]) -> float:
    return sum(unit.cpu_s for unit in units) / sum(unit.images for unit in units)


@dataclass(frozen=True, slots=True)
class TimedOrder:
    """Work for a crew: paints as always, and gives back the time instead of the images."""

    order: Order
    kinds: tuple[str, ...]

    def painter(self) -> TimedPainter:
        painter = self.order.painter()
        for kind in self.kinds:
            painter.paint_unit(Unit(kind, FAR, 1))
        return TimedPainter(painter)


@dataclass(frozen=True, slots=True)
class TimedPainter:
    inner: Painter

    def paint_unit(self, unit: Unit) -> Spent:
        began, cpu_began = time.perf_counter(), time.process_time()
        images = self.inner.paint_unit(unit)
        return Spent(len(images), began, time.perf_counter(), time.process_time() - cpu_began)


def measured(plan: Path, channel: str, size_px: int, good: int, defects: int, workers: int) -> tuple[Phase, Phase]:
    """Good parts with a new pose and finish each; defects on prepared poses, all classes alike."""
    asked = SynthSettings(size_px=size_px, channels=(channel,), good=1)
    stage = Stage(order_for(plan, asked))
    classes = tuple(dict.fromkeys(one.class_name for one in stage.drawable))
    each = -(-defects // len(classes))
    wanted = (
        ("good images, a new pose and finish each", SynthSettings(size_px=size_px, channels=(channel,), good=good)),
        (
            "images with defects, on prepared poses",
            SynthSettings(size_px=size_px, channels=(channel,), per_defect=each),
        ),
    )
    good_phase, defect_phase = (_phase(name, plan, settings, classes, workers) for name, settings in wanted)
    return good_phase, defect_phase


def _phase(name: str, plan: Path, settings: SynthSettings, classes: tuple[str, ...], workers: int) -> Phase:
    order = order_for(plan, settings)
    kinds = (GOOD,) if settings.good else classes
    units = units_of(order.plan(), settings, classes)
    found = [spent for _, spent in Processes(workers).paint(TimedOrder(order, kinds), units)]
    return Phase(name, tuple(found))

"""What a bench script prints: one section of docs/measurements.md, with all that is needed to believe it.

A script in bench/ is run by itself, `python bench/likeness.py`, and prints Markdown to stdout. It imports this as
`from measurement import section, interval, machine` and ends with

    print(section("Repeats found", command="make bench ONLY=likeness", n="1,344 photographs", body=table))

A figure that misses its goal is printed as missed, and the script still ends with 0: a bench reports, tests judge.
"""

from __future__ import annotations

import math
import os
import platform
import random
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any


def machine() -> str:
    """`2 cores of AMD EPYC 9B14, 16 GB, Linux 6.1, Python 3.11.7, numpy 2.4.6`"""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    versions = f"Python {platform.python_version()}, numpy {metadata.version('numpy')}"
    return f"{cores} cores of {_processor()}, {memory_gb:.0f} GB, {system}, {versions}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def section(title: str, *, command: str, n: object, body: str, data: str = "", note: str = "") -> str:
    """One section: title, the table or sentence, and the line that says how it was measured."""
    how = [f"Command: `{command}`", f"n: {n}"]
    how += [f"data: {data}"] if data else []
    how += [f"machine: {machine()}", f"measured {datetime.now(UTC):%Y-%m-%d}"]
    parts = [f"## {title}", body.strip(), f"<small>{' · '.join(how)}</small>"]
    return "\n\n".join([*parts, note.strip()] if note else parts) + "\n"


def interval(
    values: Sequence[Any], statistic: Callable[[Sequence[Any]], float] = statistics.fmean, level: float = 0.95
) -> tuple[float, float]:
    """Bootstrap percentile interval (Efron 1979) of a statistic, seeded: the same values give the same interval."""
    draw = random.Random(0)
    drawn = sorted(statistic(draw.choices(values, k=len(values))) for _ in range(2000))
    tail = (1 - level) / 2
    return drawn[int(tail * len(drawn))], drawn[math.ceil((1 - tail) * len(drawn)) - 1]


def proportion_interval(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); honest also at 0 and n hits."""
    share, spread = hits / n, z * z / n
    centre, half = share + spread / 2, z * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, (centre - half) / (1 + spread)), min(1.0, (centre + half) / (1 + spread))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

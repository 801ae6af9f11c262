"""What people and programs look for: each case draws new parameters for each run, by seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import numpy as np

from firstshift.store.search import Query
from million.rows import CAMERAS, CLASSES, DAYS, START, STATIONS, serial_of

Draw = Callable[[np.random.Generator], Query]
FREQUENT, RARE = next(iter(CLASSES)), list(CLASSES)[-2]


def cases(count: int, newest: int) -> Mapping[str, Draw]:
    """`newest` is the number of the newest event; a page 90 % down starts at a tenth of it."""

    def station(random: np.random.Generator) -> str:
        return STATIONS[random.integers(len(STATIONS))]

    def between(random: np.random.Generator, **given: object) -> Query:
        since = START + timedelta(days=float(random.uniform(0, DAYS - 1)))
        until = since + timedelta(hours=float(random.uniform(0.2, 24)))
        return Query(since=since, until=until, **given)  # type: ignore[arg-type]

    def deep(random: np.random.Generator) -> str:
        return str(int(newest * random.uniform(0.08, 0.12)))

    def confident(random: np.random.Generator) -> Query:
        low = float(random.uniform(0.5, 0.9))
        return Query(prediction=_class(random), min_confidence=low, max_confidence=low + 0.1)

    return {
        "newest page": lambda _: Query(),
        "page 90 % down": lambda random: Query(cursor=deep(random)),
        "serial": lambda random: Query(serial=serial_of(int(random.integers(count)))),
        "serial that is not there": lambda random: Query(serial=f"XX-{random.integers(10**6)}"),
        "lot": lambda random: Query(lot=f"L-{random.integers(max(1, count // 20_000)):03d}"),
        "station": lambda random: Query(station=station(random)),
        "station, 90 % down": lambda random: Query(station=station(random), cursor=deep(random)),
        "time range": between,
        "station and time range": lambda random: between(random, station=station(random)),
        "camera and time range": lambda random: between(random, camera=CAMERAS[random.integers(len(CAMERAS))]),
        "route review": lambda _: Query(route="review"),
        "station and route review": lambda random: Query(station=station(random), route="review"),
        "route review and time range": lambda random: between(random, route="review"),
        "verdict defect": lambda _: Query(verdict="defect"),
        "verdict defect and time range": lambda random: between(random, verdict="defect"),
        f"class {FREQUENT} (60 % of defects)": lambda _: Query(class_name=FREQUENT),
        f"class {RARE} (0.09 %)": lambda _: Query(class_name=RARE),
        "any class and station": lambda random: Query(class_name=_class(random), station=station(random)),
        "any class and time range": lambda random: between(random, class_name=_class(random)),
        "prediction and confidence": confident,
        "low confidence": lambda random: Query(max_confidence=float(random.uniform(0.5, 0.7))),
        "golden": lambda _: Query(golden=True),
        "unlabelled": lambda _: Query(labelled=False),
        "labelled at a station": lambda random: Query(labelled=True, station=station(random)),
        "rendered": lambda _: Query(origin="rendered"),
        "one shot": lambda random: Query(shot=f"shot-{random.integers(count // 2):07d}"),
        "not retired": lambda _: Query(retired=False),
        "retired": lambda _: Query(retired=True),
    }


def counts(count: int) -> Mapping[str, Draw]:
    """Counting looks at every match, so it grows with them."""
    listed = cases(count, count)
    return {
        "everything": lambda _: Query(),
        **{name: listed[name] for name in ("serial", "station and time range", "route review", "verdict defect")},
        f"class {FREQUENT}": listed[f"class {FREQUENT} (60 % of defects)"],
        "unlabelled": listed["unlabelled"],
    }


def _class(random: np.random.Generator) -> str:
    """Each class as often as any other: the rare ones are what a search has to work for."""
    return list(CLASSES)[random.integers(len(CLASSES))]

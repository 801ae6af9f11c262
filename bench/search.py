"""Listing and searching a million images on SQLite and PostgreSQL: how long a page takes, and by which index.

PYTHONPATH=bench:. python bench/search.py --images 20000     # a quick look; `make bench ONLY=search` for the whole
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from firstshift.core.seed import Seed
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace
from measurement import percentile, section
from million.cases import Draw, cases, counts
from million.plans import is_by_index, plan_of
from million.workspaces import SEED, Filled, filled_workspaces

GOAL_MS = 50.0
WARM_UP = 5
COUNT_RUNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    filled: list[str] = []
    tables: list[str] = []
    plans: list[str] = []
    verdicts: list[str] = []
    with filled_workspaces(options.images) as workspaces:
        for name, (ws, told) in workspaces.items():
            listed = cases(options.images, told.events)
            filled.append(_filling(name, told))
            table, verdict = _pages(ws, listed, options.runs)
            verdicts.append(f"**{name}:** {verdict}")
            tables += [f"### {name}", table, _counting(ws, options.images)]
            plans.append(_plans(name, ws, listed))
    print(
        section(
            f"Search among {options.images:,} images",
            command="make bench ONLY=search",
            n=f"{options.runs} runs of each search, other parameters each time, pages of 50, one client, warm",
            body="\n\n".join([*verdicts, *tables, *filled, *plans]),
            data=f"made by seed {SEED}: valid rows and chained events without pixels",
        )
    )


def _pages(ws: Workspace, listed: dict[str, Draw], runs: int) -> tuple[str, str]:
    lines = ["| search | found | p50 ms | p99 ms | max ms |", "|---|---:|---:|---:|---:|"]
    p99s: dict[str, float] = {}
    for name, draw in listed.items():
        random = Seed(SEED).child(name).generator()
        queries = [draw(random) for _ in range(WARM_UP + runs)]
        times_ms, found = _timed([_searching(ws, query) for query in queries])
        times_ms, found = times_ms[WARM_UP:], found[WARM_UP:]
        lines.append(_line(name, f"{np.mean(found):.0f}", times_ms))
        p99s[name] = percentile(times_ms, 0.99)
    ids = _some_ids(ws, runs)
    times_ms, _ = _timed([_getting(ws, one[:16]) for one in ids])
    lines.append(_line("one image by the start of its id", "1", times_ms))
    p99s["one image"] = percentile(times_ms, 0.99)
    worst = max(p99s, key=lambda name: p99s[name])
    late = [name for name, p99 in p99s.items() if p99 >= GOAL_MS]
    verdict = "missed by " + ", ".join(late) if late else "held by every search"
    return "\n".join(
        lines
    ), f"p99 under {GOAL_MS:.0f} ms is {verdict}; the slowest is *{worst}* with {p99s[worst]:.1f} ms."


def _searching(ws: Workspace, query: Query) -> Callable[[], int]:
    return lambda: len(ws.images.search(query).items)


def _getting(ws: Workspace, start: str) -> Callable[[], int]:
    return lambda: len(ws.images.get(start).id)


def _timed(calls: list[Callable[[], int]]) -> tuple[list[float], list[int]]:
    times_ms, found = [], []
    for call in calls:
        began = time.perf_counter()
        found.append(call())
        times_ms.append(1000 * (time.perf_counter() - began))
    return times_ms, found


def _line(name: str, found: str, times_ms: list[float]) -> str:
    p50, p99 = percentile(times_ms, 0.5), percentile(times_ms, 0.99)
    mark = " **missed**" if p99 >= GOAL_MS else ""
    return f"| {name} | {found} | {p50:.1f} | {p99:.1f}{mark} | {max(times_ms):.1f} |"


def _some_ids(ws: Workspace, count: int) -> list[str]:
    random = Seed(SEED).child("ids").generator()
    with ws.database.reading() as connection:
        newest = ws.ledger.head(connection).seq
    cursors = [str(int(newest * share)) for share in random.uniform(0.05, 1, count)]
    return [ws.images.search(Query(cursor=cursor, limit=1)).items[0].id for cursor in cursors]


def _counting(ws: Workspace, images: int) -> str:
    """Beside the goal: counting has to look at every match."""
    parts = []
    for name, draw in counts(images).items():
        random = Seed(SEED).child(name).generator()
        calls = [_counting_one(ws, draw(random)) for _ in range(COUNT_RUNS)]
        times_ms, found = _timed(calls)
        parts.append(f"{name} ({found[-1]:,}) {percentile(times_ms, 0.5):.0f}")
    return f"Counting all matches looks at each of them; median of {COUNT_RUNS} in ms: {', '.join(parts)}."


def _counting_one(ws: Workspace, query: Query) -> Callable[[], int]:
    return lambda: ws.images.count(query)


def _filling(name: str, told: Filled) -> str:
    also = ", both databases at once" if told.together else ""
    return (
        f"{name} was filled with {told.images:,} images, {told.labels:,} labels and {told.events:,} events "
        f"in {told.seconds:.0f} s ({told.events / told.seconds:,.0f} events/s{also})."
    )


def _plans(name: str, ws: Workspace, listed: dict[str, Draw]) -> str:
    shown, astray = [], []
    for case, draw in listed.items():
        plan = plan_of(ws, draw(Seed(SEED).child(case).generator()), run=True)
        shown.append(f"{case}\n" + "\n".join(f"    {line}" for line in plan))
        if not is_by_index(plan):
            astray.append(case)
    told = f"not by index: {', '.join(astray)}" if astray else "every table is reached by an index"
    return (
        f"<details><summary>{name}: query plans ({told})</summary>\n\n```text\n"
        + "\n".join(shown)
        + "\n```\n</details>"
    )


if __name__ == "__main__":
    main()

"""How fast images are recorded durably: `firstshift bench ingest` on SQLite and on a real PostgreSQL, same disk.

PYTHONPATH=bench:. python bench/ingest.py --seconds 3     # a quick look; `make bench ONLY=ingest` for the whole
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from firstshift.line.ingest_bench import GOAL_PER_S, IngestReport, Run, bench_ingest
from measurement import section
from tests.servers.postgres import PostgresServer

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each phase; the floor gets a quarter")
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    place = Path(tempfile.gettempdir())
    reports = [bench_ingest(place, seconds=options.seconds, clients=options.clients)]
    server = PostgresServer.create()  # its data lie in the same temporary folder
    try:
        with server.database() as url:
            reports.append(bench_ingest(place, database_url=url, seconds=options.seconds, clients=options.clients))
    finally:
        server.remove()
    first, acknowledged = reports[0], sum(report.acknowledged for report in reports)
    print(
        section(
            "Recording images durably",
            command="make bench ONLY=ingest",
            n=f"{acknowledged:,} images acknowledged, {options.seconds:.0f} s a phase",
            data=f"512² colour JPEGs drawn by seed, {first.image_bytes / 1000:.0f} kB on average, all different",
            body="\n\n".join(part for report in reports for part in _parts(report)),
            note=f"`firstshift bench ingest` runs it alone. Databases and blobs were in `{first.place}`, {first.disk}. "
            "Intervals: 95 %, bootstrap over whole seconds. In batches the latency of an image includes the wait for "
            "its batch. Memory is the largest client process at its peak, libraries included.",
        )
    )


def _parts(report: IngestReport) -> list[str]:
    name = NAMES[report.database]
    slowest = min(report.runs, key=lambda run: run.per_s)
    goal = f"{report.goal_per_s:.0f} images/s is {'held' if report.goal_met else '**missed**'}"
    settings = ", ".join(f"{key} = {value}" for key, value in report.durability.items())
    lines = ["| | images/s (95 %) | p50 ms | p99 ms | max ms | n | memory MB |", "|---|---:|---:|---:|---:|---:|---:|"]
    lines += [_line(f"raw floor: {run.name}, {_clients(run)}", run) for run in report.floor]
    lines += [_line(f"**{run.name}**", run) for run in report.runs]
    verdict = "all verify" if report.is_verified else f"**{'; '.join(report.problems) or 'they differ'}**"
    proof = (
        f"{report.acknowledged:,} images acknowledged, {report.recorded_events:,} events in the ledger, "
        f"{report.verified_blobs:,} blobs read back: {verdict}."
    )
    return [
        f"### {name}",
        f"{goal}; the slowest phase is *{slowest.name}* with {slowest.per_s:.0f}. {proof}",
        "\n".join(lines),
        f"Read back from the database: {settings}.",
    ]


def _clients(run: Run) -> str:
    return "one client" if run.clients == 1 else f"{run.clients} clients"


def _line(name: str, run: Run) -> str:
    interval = "" if run.per_s_interval is None else f" ({run.per_s_interval[0]:.0f}–{run.per_s_interval[1]:.0f})"
    mark = " **missed**" if run.per_s < GOAL_PER_S and "floor" not in name else ""
    return (
        f"| {name} | {run.per_s:.0f}{interval}{mark} | {run.p50_ms:.1f} | {run.p99_ms:.1f} | {run.max_ms:.0f} "
        f"| {run.images:,} | {run.peak_memory_mb:.0f} |"
    )


if __name__ == "__main__":
    main()

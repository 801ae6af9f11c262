"""How fast labelled images are made, from CAD to recorded: `firstshift bench synth`, and memory over a long run.

PYTHONPATH=bench:. python bench/synth.py --good 60 --defects 300     # a look; `make bench ONLY=synth` for the whole
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from firstshift.line.synth.benching import Phase, bench_synth
from measurement import section


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--good", type=int, default=400)
    parser.add_argument("--defects", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()
    report = bench_synth(
        Path(tempfile.gettempdir()), good=options.good, defects=options.defects, workers=options.workers
    )
    lines = ["| | images/s (95 %) | goal | n | memory MB, first to last tenth |", "|---|---:|---:|---:|---|"]
    lines += [_line(phase) for phase in report.phases]
    good, defects = report.phases
    minutes = 50_000 / defects.per_s / 60
    text = f"At this rate 50,000 defect images take {minutes:.0f} minutes, "
    text += f"10,000 good ones {10_000 / good.per_s / 60:.0f} minutes."
    if defects.memory_growth is not None:
        text += f" Memory of the last tenth of the run against the second: {defects.memory_growth:+.1%}."
    print(
        section(
            "Synthetic images a second",
            command="make bench ONLY=synth",
            n=f"{good.images:,} good and {defects.images:,} defect images, {report.workers} processes",
            data=f"the example plan {report.plan}, channel {report.channel}, {report.size_px}², all its classes, "
            f"{report.image_bytes / 1000:.0f} kB a PNG",
            body="\n".join(lines) + "\n\n" + text,
            note="From recipe to recorded: rays, finish, light, flaws, sensor, PNG, label, row and event on the disk. "
            "A warm-up is not counted. Intervals: 95 %, bootstrap over tenths of the run. Memory is resident memory of "
            "all processes added up.",
        )
    )


def _line(phase: Phase) -> str:
    low, high = phase.per_s_interval or (float("nan"), float("nan"))
    verdict = "" if phase.goal_met else " **missed**"
    memory = ", ".join(f"{mb:.0f}" for mb in phase.memory_mb)
    return (
        f"| {phase.name} | {phase.per_s:.1f} ({low:.1f}–{high:.1f}) | {phase.goal_per_s:g}{verdict} | {phase.images:,} "
        f"| {memory} |"
    )


if __name__ == "__main__":
    main()

"""How fast labelled images are made, from CAD to recorded: `firstshift bench synth`, and memory over a long run.

The goals are held against the bracket. The other examples follow with fewer images, and what an image of each class
costs in processor time, so that it can be seen where the cliffs are: colour, domes, bodies that cover half an image.

PYTHONPATH=bench:. python bench/synth.py --good 60 --defects 300     # a look; `make bench ONLY=synth` for the whole
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from firstshift.line.synth.benching import GOALS_OF, Phase, SynthBench, bench_synth
from firstshift.spec.examples import example_names
from measurement import section

OTHERS_SHARE = 10
"""The other examples have this many times fewer defective parts, and as many times fewer good ones, at least FEWEST."""
FEWEST = 40
PER_CLASS = 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--good", type=int, default=400)
    parser.add_argument("--defects", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--per-class", type=int, default=PER_CLASS)
    options = parser.parse_args()
    place = Path(tempfile.gettempdir())
    first = bench_synth(
        place, good=options.good, defects=options.defects, workers=options.workers, per_class=options.per_class
    )
    others = [
        bench_synth(
            place,
            example=name,
            good=max(FEWEST, options.good // OTHERS_SHARE),
            defects=max(5 * FEWEST, options.defects // OTHERS_SHARE),
            workers=options.workers,
            per_class=options.per_class,
        )
        for name in example_names()
        if name != GOALS_OF
    ]
    good, defects = first.phases
    lines = ["| | images/s (95 %) | goal | n | memory MB, first to last tenth |", "|---|---:|---:|---:|---|"]
    lines += [_line(phase) for phase in first.phases]
    minutes = 50_000 / defects.per_s / 60
    text = f"At this rate 50,000 defect images take {minutes:.0f} minutes, "
    text += f"10,000 good ones {10_000 / good.per_s / 60:.0f} minutes."
    if defects.memory_growth is not None:
        text += f" Memory of the last tenth of the run against the second: {defects.memory_growth:+.1%}."
    body = ["\n".join(lines), text, _examples([first, *others]), _classes([first, *others])]
    print(
        section(
            "Synthetic images a second",
            command="make bench ONLY=synth",
            n=f"{good.images:,} good and {defects.images:,} defect images of the {first.plan}, the others as told, "
            f"{first.workers} processes",
            data=f"the example plan {first.plan}, channel {first.channel}, {first.size_px}², all its classes, "
            f"{first.image_bytes / 1000:.0f} kB a PNG; beside it the other examples, each in its first channel",
            body="\n\n".join(body),
            note="From recipe to recorded: rays, finish, light, flaws, sensor, PNG, label, row and event on the disk. "
            "A warm-up is not counted. Intervals: 95 %, bootstrap over tenths of the run. Memory is resident memory of "
            "all processes added up. Processor time: painting and encoding in one process, with the image's share of "
            "its pose.",
        )
    )


def _examples(reports: list[SynthBench]) -> str:
    lines = ["| example, channel | good/s (n) | defects/s (n) |", "|---|---:|---:|"]
    for report in reports:
        cells = " | ".join(f"{phase.per_s:.1f} ({phase.images:,})" for phase in report.phases)
        lines.append(f"| {report.plan}, {report.channel} | {cells} |")
    return "\n".join(lines)


def _classes(reports: list[SynthBench]) -> str:
    """The dearest first."""
    lines = ["| example | class | processor ms an image | of a pose | n |", "|---|---|---:|---:|---:|"]
    for report in reports:
        lines += [
            f"| {report.plan} | {one.kind} | {one.processor_ms:.0f} | {one.pose_ms:.0f} | {one.images} |"
            for one in sorted(report.classes, key=lambda one: -one.processor_ms)
        ]
    return "\n".join(lines)


def _line(phase: Phase) -> str:
    low, high = phase.per_s_interval or (float("nan"), float("nan"))
    goal = "" if phase.goal_per_s is None else f"{phase.goal_per_s:g}"
    verdict = "" if phase.goal_met else " **missed**"
    memory = ", ".join(f"{mb:.0f}" for mb in phase.memory_mb)
    return (
        f"| {phase.name} | {phase.per_s:.1f} ({low:.1f}–{high:.1f}) | {goal}{verdict} | {phase.images:,} | {memory} |"
    )


if __name__ == "__main__":
    main()

"""How long a person waits for `import firstshift` and `firstshift --help`: seconds on the clock, in fresh processes.

Goals: under 0.2 s and 0.4 s. Measure on an idle machine: another busy process on the same cores shows here.
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import time
from pathlib import Path

from measurement import interval, percentile, section

STARTS = 40
SOURCE = Path(__file__).resolve().parent.parent / "src"
COMMANDS = {
    "`python -c pass` (for comparison)": ([sys.executable, "-c", "pass"], None),
    "`import firstshift`": ([sys.executable, "-c", "import firstshift"], 0.2),
    "`firstshift --help`": ([str(Path(sys.executable).parent / "firstshift"), "--help"], 0.4),
}


def main() -> None:
    compileall.compile_dir(SOURCE, quiet=1)
    rows = ["| | median | 95 % interval | p99 | goal | |", "|---|---|---|---|---|---|"]
    for name, (command, goal_s) in COMMANDS.items():
        seconds = [start(command) for _ in range(STARTS)]
        middle, (low, high) = statistics.median(seconds), interval(seconds, statistics.median)
        verdict = "" if goal_s is None else "met" if middle < goal_s else "**missed**"
        goal = "" if goal_s is None else f"< {goal_s} s"
        slowest = percentile(seconds, 0.99)
        rows.append(f"| {name} | {middle:.3f} s | {low:.3f}–{high:.3f} s | {slowest:.3f} s | {goal} | {verdict} |")
    print(section("Start", command="make bench ONLY=start", n=f"{STARTS} starts each", body="\n".join(rows)))


def start(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

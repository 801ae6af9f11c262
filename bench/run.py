"""Run the bench scripts and put what they print into docs/measurements.md, each between its own markers.

make bench                 all of them
make bench ONLY=likeness   one; the other sections stay as they are
scripts/bench --list       what there is
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
PAGE = BENCH.parent / "docs" / "measurements.md"
NOT_BENCHES = {"run.py", "measurement.py"}
HEAD = """\
# Measurements

Every figure on this page was printed by the command beside it. `make bench` runs them all and writes the page anew;
`make bench ONLY=name` renews one section. A figure that misses its goal is printed as missed.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", action="append", help="one of --list; may be given again")
    parser.add_argument("--list", action="store_true", help="show the names")
    options = parser.parse_args()
    names = bench_names()
    if options.list:
        sys.stdout.write("".join(f"{name}\n" for name in names))
        return
    unknown = sorted(set(options.only or []) - set(names))
    if unknown:
        sys.exit(f"bench: expected one of {', '.join(names) or '(none yet)'}, found {', '.join(unknown)}")
    failed = [name for name in options.only or names if not renew(name)]
    if failed:
        sys.exit(f"bench: failed: {', '.join(failed)}; their sections stay as they were")


def bench_names() -> list[str]:
    """Files of bench/, in the order of their names; what starts with an underscore is a part of another."""
    return sorted(
        path.stem for path in BENCH.glob("*.py") if path.name not in NOT_BENCHES and not path.name.startswith("_")
    )


def renew(name: str) -> bool:
    began = time.monotonic()
    sys.stdout.write(f"bench: {name}\n")
    sys.stdout.flush()
    done = subprocess.run(
        [sys.executable, BENCH / f"{name}.py"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(BENCH), str(BENCH.parent)])},
    )
    if done.returncode != 0 or not done.stdout.startswith("## "):
        sys.stdout.write(
            f"bench: {name}: expected a section that starts with '## ' and exit 0, found {done.returncode}\n"
        )
        return False
    page = PAGE.read_text() if PAGE.exists() else HEAD
    PAGE.write_text(with_section(page, name, done.stdout))
    sys.stdout.write(f"{done.stdout}bench: {name} took {time.monotonic() - began:.0f} s\n")
    return True


def with_section(page: str, name: str, text: str) -> str:
    """The page with the section between this bench's markers replaced, or put at its place by name."""
    sections = dict(re.findall(r"<!-- bench: (\w+) -->\n(.*?)<!-- end: \1 -->\n", page, flags=re.DOTALL))
    sections[name] = f"\n{text.strip()}\n\n"
    blocks = [f"\n<!-- bench: {key} -->\n{body}<!-- end: {key} -->\n" for key, body in sorted(sections.items())]
    head = page.split("\n<!-- bench: ")[0].rstrip("\n") + "\n"
    return head + "".join(blocks)


if __name__ == "__main__":
    main()

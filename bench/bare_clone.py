"""From a bare clone: `make setup`, `make demo` and `make test`, one after the other, in a folder of their own.

Twelve minutes on two cores. What was committed is cloned: uncommitted changes are not measured.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measurement import section

ROOT = Path(__file__).resolve().parent.parent
VERBS = ("setup", "demo", "test")


def main() -> None:
    rows = ["| | seconds | ended | |", "|---|--:|---|---|"]
    with tempfile.TemporaryDirectory(prefix="firstshift-bare-", ignore_cleanup_errors=True) as temporary:
        clone = Path(temporary) / "firstshift"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        for verb in VERBS:
            seconds, code, told = made(verb, clone)
            rows.append(f"| `make {verb}` | {seconds:.0f} | {'well' if code == 0 else f'**with {code}**'} | {told} |")
    body = "\n".join(rows)
    print(section("From a bare clone", command="make bench ONLY=bare_clone", n="one run of each", body=body))


def made(verb: str, clone: Path) -> tuple[float, int, str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "MAKEFLAGS")}
    began = time.monotonic()
    done = subprocess.run(
        ["make", verb], cwd=clone, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    seconds = time.monotonic() - began
    text = done.stdout.decode(errors="replace")
    sys.stderr.write(f"make {verb}: {seconds:.0f} s, ended with {done.returncode}\n")
    sys.stderr.write(text[-6_000:] if done.returncode else "")
    return seconds, done.returncode, remarkable(verb, text)


def remarkable(verb: str, text: str) -> str:
    """The line that says what was downloaded, or how many tests passed."""
    pattern = {"setup": r"\d+ packages, .*", "demo": r"Look at .*", "test": r"\d+ passed.*?(?= in )"}[verb]
    found = re.findall(pattern, text)
    return found[-1] if found else ""


if __name__ == "__main__":
    main()

"""Starting is quick: `import firstshift` under 0.2 s and `firstshift --help` under 0.4 s, in a fresh process.

What is held is the median of the processor seconds of several starts: on an idle machine they are the seconds a
person waits (a start runs on one core and reads files that are cached), and on a busy one they say whether *we* got
slower. The seconds on the clock are in docs/measurements.md (`make bench ONLY=start`). Bytecode is compiled first, as
an installation does it: with PYTHONDONTWRITEBYTECODE set, a checkout would compile itself again at every start.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.children import unmeasured
from tests.contracts.house import PACKAGE

STARTS = 7
HEAVY = (
    "numpy",
    "cv2",
    "PIL",
    "scipy",
    "pydantic",
    "sqlalchemy",
    "alembic",
    "obstore",
    "cryptography",
    "typer",
    "rich",
)


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    assert compileall.compile_dir(PACKAGE, quiet=1)


def median_seconds(command: list[str]) -> float:
    return statistics.median(processor_seconds(command) for _ in range(STARTS))


def processor_seconds(command: list[str]) -> float:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=unmeasured()) as child:
        said = child.stderr.read() if child.stderr else b""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, said.decode()
    return used.ru_utime + used.ru_stime


def test_import_is_quick() -> None:
    seconds = median_seconds([sys.executable, "-c", "import firstshift"])
    assert seconds < 0.2, (
        f"import firstshift took {seconds:.3f} s; python -X importtime -c 'import firstshift' says where"
    )


def test_help_is_quick() -> None:
    firstshift = str(Path(sys.executable).parent / "firstshift")
    seconds = median_seconds([firstshift, "--help"])
    assert seconds < 0.4, f"firstshift --help took {seconds:.3f} s; load what a command needs inside the command"


def test_import_loads_nothing_heavy() -> None:
    code = "import firstshift, sys; print(*sorted(name for name in sys.modules if '.' not in name))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "firstshift" in loaded
    assert not set(loaded) & set(HEAVY)


def test_the_names_of_the_package_lead_somewhere() -> None:
    code = "import firstshift; print(*(getattr(firstshift, name).__class__.__name__ for name in firstshift.__all__))"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

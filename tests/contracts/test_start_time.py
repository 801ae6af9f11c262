"""Starting is quick: `import firstshift` under 0.2 s and `firstshift --help` under 0.4 s, in a fresh process.

The limits are for the median of several starts. Bytecode is compiled first, as an installation does it: with
PYTHONDONTWRITEBYTECODE set, a checkout that was never installed compiles itself again at every start.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


def plain_environment() -> dict[str, str]:
    """Without the hook that measures coverage in child processes: it is not part of the start."""
    return {key: value for key, value in os.environ.items() if not key.startswith("COV")}


def median_seconds(command: list[str]) -> float:
    seconds = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=plain_environment())
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


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

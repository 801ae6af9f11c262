"""In CI a test that would skip fails, unless it carries `may_skip` with a reason (tests/conftest.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.house import ROOT

SAMPLE = """
import pytest

def test_skips():
    pytest.skip("no server here")

@pytest.mark.may_skip("no GPU on this machine")
def test_allowed():
    pytest.skip("no GPU")

@pytest.mark.may_skip
def test_allowed_without_a_reason():
    pass

@pytest.mark.skipif(True, reason="never")
def test_marked():
    pass

def test_runs():
    pass
"""


@pytest.mark.parametrize(
    ("ci", "summary"), [("true", "1 failed, 1 passed, 1 skipped, 2 errors"), ("", "1 passed, 3 skipped, 1 error")]
)
def test_ci_counts_a_skip_as_a_failure(tmp_path: Path, ci: str, summary: str) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"),
            *("-c", str(ROOT / "pyproject.toml"), f"--rootdir={tmp_path}", str(tmp_path)),
        ],
        cwd=ROOT,
        env=os.environ | {"CI": ci, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert summary in done.stdout.splitlines()[-1], done.stdout + done.stderr

"""The documentation builds without a warning, and opens on a machine that reaches nothing but itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.house import ROOT

FETCHED = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_it_builds_strictly(site: Path) -> None:
    assert (site / "index.html").exists()
    assert (site / "architecture.html").exists()


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    fetched = {(page.name, url) for page in pages for url in FETCHED.findall(page.read_text())}
    assert len(pages) > 5
    assert fetched == set()


def test_the_search_would_notice(site: Path) -> None:
    assert FETCHED.findall('<link rel="stylesheet" href="https://fonts.example/css">') == ["https://fonts.example/css"]
    assert FETCHED.findall('<script src="//cdn.example/x.js">') == ["//cdn.example/x.js"]
    assert FETCHED.findall('<a href="https://example.org">') == []

"""Fixtures that every room uses: a real PostgreSQL, a real S3 server, and the rule that CI does not skip in silence."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.servers.postgres import PASSWORD, PostgresServer
from tests.servers.s3 import Bucket, S3Server

# Started with `nohup` or in the background of a script, this process ignores what its tests send, and so would the
# commands that it starts.
for _number, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the session. Tests that kill it start it again: its data, port and URLs stay."""
    server = PostgresServer.create()
    yield server
    server.remove()


@pytest.fixture
def postgres_url(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """`postgresql+pg8000://…` of a fresh, empty database. The password is in the environment as well, because a
    workspace's file never holds it."""
    monkeypatch.setenv("FIRSTSHIFT_DATABASE_PASSWORD", PASSWORD)
    postgres.start()
    with postgres.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'firstshift.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases; each time an empty one."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    server = S3Server.create()
    yield server
    server.remove()


@pytest.fixture
def s3(s3_server: S3Server) -> Bucket:
    """A fresh, empty bucket with its endpoint and keys."""
    s3_server.start()
    return s3_server.bucket()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one, unless it says why it may be: `@pytest.mark.may_skip("no GPU here")`."""
    report = yield
    allowed = item.get_closest_marker("may_skip")
    if call.when == "setup" and allowed is not None and not (allowed.args and str(allowed.args[0]).strip()):
        report.outcome, report.longrepr = "failed", "may_skip needs a reason"
    in_ci = os.environ.get("CI", "").lower() in ("1", "true")
    if in_ci and report.skipped and not hasattr(report, "wasxfail") and allowed is None:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"CI runs everything, and this was skipped: {reason}"
    return report

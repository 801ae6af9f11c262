"""A filled workspace on each database, kept under `out/` so that a second run need not fill them again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from firstshift.core.seed import Seed
from firstshift.db.engine import PASSWORD_VARIABLE
from firstshift.store.workspace import Workspace
from million.rows import fill
from tests.servers.postgres import PASSWORD, PostgresServer

ROOT = Path(__file__).parents[2]
SEED = 2026
_DATABASE = "million"
_WHAT_SHAPES_THE_ROWS = ("src/firstshift/db/migrations/versions/0001_spine.py", "bench/million/rows.py")


@dataclass(frozen=True, slots=True)
class Filled:
    """How the rows got there."""

    images: int
    labels: int
    events: int
    seconds: float
    together: bool
    """Both databases were filled at the same time, each by a process of its own."""


@contextlib.contextmanager
def filled_workspaces(count: int) -> Iterator[dict[str, tuple[Workspace, Filled]]]:
    """By the name of the database. The PostgreSQL server is stopped at the end, its data stay."""
    place = _place(count)
    place.mkdir(parents=True, exist_ok=True)
    os.environ[PASSWORD_VARIABLE] = PASSWORD
    with contextlib.ExitStack() as stack:
        server = PostgresServer.create(_postgres_home(place, stack))
        stack.callback(server.stop)
        urls = {"SQLite": "sqlite:///firstshift.db", "PostgreSQL": server.url(_DATABASE)}
        missing = {name: url for name, url in urls.items() if not (place / name / "filled.json").exists()}
        if "PostgreSQL" in missing or not _has_database(server):
            missing["PostgreSQL"] = urls["PostgreSQL"]
            server.execute(f'DROP DATABASE IF EXISTS "{_DATABASE}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{_DATABASE}"')
        _fill_together(place, missing, count)
        if "PostgreSQL" in missing:
            server.execute("VACUUM ANALYZE", _DATABASE)  # what autovacuum does by itself within a minute or two
        yield {name: (_open(place / name, url, stack), _told(place / name)) for name, url in urls.items()}


def _place(count: int) -> Path:
    shape = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in _WHAT_SHAPES_THE_ROWS)).hexdigest()
    return ROOT / "out" / "bench" / f"rows-{count}-{shape[:8]}"


def _postgres_home(place: Path, stack: contextlib.ExitStack) -> Path:
    """Beside the rest, or a temporary folder where the server's user may not enter (a checkout under /root)."""
    if all(folder.stat().st_mode & 0o001 for folder in place.parents):
        return place / "server"
    home = Path(tempfile.mkdtemp(prefix="firstshift-pg-"))
    stack.callback(shutil.rmtree, home, ignore_errors=True)
    return home


def _has_database(server: PostgresServer) -> bool:
    return bool(server.execute(f"SELECT 1 FROM pg_database WHERE datname = '{_DATABASE}'"))


def _fill_together(place: Path, urls: dict[str, str], count: int) -> None:
    processes = []
    for name, url in urls.items():
        shutil.rmtree(place / name, ignore_errors=True)
        arguments = (place / name, url, count, len(urls) > 1)
        processes.append(multiprocessing.get_context("spawn").Process(target=_fill_one, args=arguments))
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise SystemExit(f"filling failed with exit code {process.exitcode}")


def _fill_one(folder: Path, url: str, count: int, together: bool) -> None:
    began = time.perf_counter()
    with Workspace.create(folder, database_url=url, actor="human:bench") as ws:
        fill(ws, count, Seed(SEED))
        seconds = time.perf_counter() - began
        with ws.database.reading() as connection:
            events = ws.ledger.head(connection).seq
            labels = int(connection.exec_driver_sql("SELECT count(*) FROM labels").scalar_one())
    told = Filled(count, labels, events, seconds, together)
    (folder / "filled.json").write_text(json.dumps(asdict(told)))


def _open(folder: Path, url: str, stack: contextlib.ExitStack) -> Workspace:
    settings = folder / "firstshift.toml"
    if url.startswith("postgresql"):  # the server has another port each time
        lines = [
            f"url = {json.dumps(url)}" if line.startswith('url = "postgresql') else line
            for line in settings.read_text().splitlines()
        ]
        settings.write_text("\n".join(lines) + "\n")
    return stack.enter_context(Workspace.open(folder, actor="human:bench"))


def _told(folder: Path) -> Filled:
    return Filled(**json.loads((folder / "filled.json").read_text()))

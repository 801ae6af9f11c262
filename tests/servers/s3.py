"""A real S3-compatible server for the tests: `rclone serve s3`, from a wheel, over a folder, with access keys.

    server = S3Server.create()
    bucket = server.bucket("frames")       # endpoint, region, keys and the bucket's name
    server.kill(); server.start()          # the same folder, the same port
    server.remove()
"""

from __future__ import annotations

import http.client
import itertools
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.processes import free_port, start_process

ACCESS_KEY, SECRET_KEY = "firstshift-tests", "only-for-tests"
REGION = "us-east-1"
START_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Bucket:
    """What a client needs to know. `folder` is where the server keeps the objects, for tests that damage them."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str
    region: str
    folder: Path

    def store_options(self) -> dict[str, Any]:
        """Keyword arguments for `obstore.store.S3Store`."""
        return {
            "bucket": self.bucket,
            "endpoint": self.endpoint,
            "access_key_id": self.access_key,
            "secret_access_key": self.secret_key,
            "region": self.region,
            "virtual_hosted_style_request": False,
            "client_options": {"allow_http": True},
        }

    def environment(self) -> dict[str, str]:
        """The same in the variables that S3 clients read, for tests that start a process."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_ALLOW_HTTP": "true",
        }


class S3Server:
    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.objects = home / "objects"
        self.objects.mkdir()
        self.binary = Path(sysconfig.get_path("scripts")) / "rclone"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    @classmethod
    def create(cls) -> S3Server:
        server = cls(Path(tempfile.mkdtemp(prefix="firstshift-s3-")), free_port())
        server.start()
        return server

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bucket(self, name: str = "") -> Bucket:
        """A bucket of its own: to this server a bucket is a folder, so it can be made without a client."""
        name = name or f"test-{os.getpid()}-{next(self._numbers)}"
        folder = self.objects / name
        folder.mkdir()
        return Bucket(self.endpoint, name, ACCESS_KEY, SECRET_KEY, REGION, folder)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        if self.running:
            return
        command = [
            *(str(self.binary), "serve", "s3", str(self.objects)),
            *("--addr", f"127.0.0.1:{self.port}", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"),
            *("--dir-cache-time", "0s", "--max-header-bytes", "65536"),
        ]
        # Neither the person's own remotes nor their cache may be touched.
        environment = os.environ | {"RCLONE_CONFIG": os.devnull, "RCLONE_CACHE_DIR": str(self.home / "cache")}
        self._process = start_process(command, self.home / "log", env=environment)
        self._wait_until_ready()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/")
                connection.getresponse().read()
                return
            except OSError as error:
                if not self.running or time.monotonic() > deadline:
                    raise RuntimeError(f"rclone did not start: {(self.home / 'log').read_text()}") from error
                time.sleep(0.02)
            finally:
                connection.close()

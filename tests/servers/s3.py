"""A real S3-compatible server for the tests: `rclone serve s3`, from a wheel, over a folder, with access keys.

    server = S3Server.create()
    bucket = server.bucket()               # endpoint, region, keys and the bucket's name
    server.kill(); server.start()          # the same folder, the same port
    server.reread()                        # after a test changed files in `bucket.folder` behind the server's back
    server.remove()

What it cannot do, found by trying (tests/servers/test_s3.py): it ignores `If-None-Match` and `If-Match`, so a
conditional put overwrites in silence, and it answers a range request with the whole object. AWS and MinIO do both.
"""

from __future__ import annotations

import http.client
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
BUCKETS = 500


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
        # To this server a bucket is a folder. It remembers its folders for minutes (asking the disk each time makes a
        # put fifty times slower), so the buckets have to be there before it looks.
        for number in range(BUCKETS):
            (self.objects / _bucket_name(number)).mkdir(parents=True)
        self.binary = Path(sysconfig.get_path("scripts")) / "rclone"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = iter(range(BUCKETS))

    @classmethod
    def create(cls) -> S3Server:
        server = cls(Path(tempfile.mkdtemp(prefix="firstshift-s3-")), free_port())
        server.start()
        return server

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bucket(self) -> Bucket:
        """An empty bucket that nobody else was given."""
        name = _bucket_name(next(self._numbers))
        return Bucket(self.endpoint, name, ACCESS_KEY, SECRET_KEY, REGION, self.objects / name)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        if self.running:
            return
        command = [
            *(str(self.binary), "serve", "s3", str(self.objects)),
            *("--addr", f"127.0.0.1:{self.port}", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}"),
            *("--max-header-bytes", "65536"),
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

    def reread(self) -> None:
        self.kill()
        self.start()

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


def _bucket_name(number: int) -> str:
    return f"bucket-{number:03d}"

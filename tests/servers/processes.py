"""Server processes that a test starts: on a free port, as a user who may run them, and gone when the tests are gone."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root, and in a container tests often do. None when we are a plain user already."""
    return "nobody" if os.geteuid() == 0 else None


def identity(user: str | None) -> dict[str, Any]:
    """Arguments for `subprocess` that run a child as `user`."""
    if user is None:
        return {}
    account = pwd.getpwnam(user)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def start_process(command: list[str], log: Path, user: str | None = None, **settings: Any) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches the tests and not the server under them."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            **identity(user),
            **settings,
        )


def _die_with_parent() -> None:
    # Tests that were killed must not leave servers behind. 1 is PR_SET_PDEATHSIG in linux/prctl.h.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)

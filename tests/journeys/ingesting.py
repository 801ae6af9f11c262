"""What the crash tests run in processes of their own: record images and note each one that was acknowledged.

Run as a module this is a nursery: it imports everything once, then for every line on its standard input it forks a
process that is already warm, so that a hundred of them can be killed in a minute.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
from pathlib import Path

from firstshift import Annotation, FirstshiftError, Label, Workspace
from firstshift.core.capture import Capture
from firstshift.core.shapes import Box
from tests.pictures import jpeg

LABEL = Label.defect(Annotation("scratch", Box(1, 2, 3, 4)))


def ingest(folder: str, notes: str, first: int, count: int = 1_000_000, max_file_bytes: int = 0) -> None:
    """A line in the file `notes` for each acknowledgement: the number of the picture, its id, its content. An append
    this small is one piece or nothing, and it outlives the process."""
    handle = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    with Workspace.open(Path(folder), actor="station:crash") as ws:
        if max_file_bytes:  # from now on every file that would grow beyond this fails, as on a full disk
            resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
        for number in range(first, first + count):
            try:
                record = ws.images.add(jpeg(number), Capture(serial=str(number)), label=LABEL)
            except FirstshiftError as error:
                os.write(handle, f"error {type(error).__name__}\n".encode())
                continue
            os.write(handle, f"{number} {record.id} {record.content}\n".encode())


def nurse() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children: they are there to be killed
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                ingest(**json.loads(line))
            except BaseException:  # noqa: BLE001 – whatever it is, it has to be seen
                traceback.print_exc()  # pytest shows it beside the failing test
            finally:
                os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    nurse()

"""A child process that works on a workspace, tells each step, and is killed with SIGKILL after some of them."""

from __future__ import annotations

import os
import subprocess
import sys

PREAMBLE = """
import sys
class Telling:
    def start(self, what, total=None): print("step", what, flush=True)
    def advance(self, steps=1, note=""): print("step", flush=True)
    def finish(self): pass
"""


def run_child(code: str, *arguments: object, kill_after_steps: int | None = None) -> None:
    """Runs `code` (which has a `Telling` progress) to its end, or until it told that many steps."""
    command = [sys.executable, "-c", PREAMBLE + code, *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ.copy(), text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        steps = 0
        for line in child.stdout:
            steps += line.startswith("step")
            if steps == kill_after_steps:
                child.kill()
                child.wait()
                return
        assert child.wait() == 0, child.stderr.read()
        assert kill_after_steps is None, f"it was through after {steps} steps"

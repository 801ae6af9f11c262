"""The demo: images before parts, a plan, photographs, a data set that does not leak, evidence that verifies.

Everything is left in demo-workspace/, with a page to look at: demo-workspace/index.html.
"""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from demo_photographs import write_photographs

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "demo-workspace"
FIRSTSHIFT = Path(sys.executable).parent / "firstshift"


@dataclass
class Step:
    title: str
    words: str
    shown: list[tuple[str, str]] = field(default_factory=list)
    """Command and what it printed."""
    picture: str = ""


def main() -> None:
    began = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    steps = [before_parts(), plan(), photographs(), data_set(), evidence(), forger()]
    write_page(steps, time.monotonic() - began)
    print(f"\nDone in {time.monotonic() - began:.0f} s. Look at {(FOLDER / 'index.html').relative_to(ROOT)}")


def before_parts() -> Step:
    step = begin(
        "Images before parts",
        "A milled bracket that nobody has made yet, from its STEP file: good parts and every flaw of its catalogue. "
        "The renderer is compiled the first time, which takes a minute.",
    )
    run(step, "new", "bracket", "--example", "bracket")
    run(step, "synth", "preview", "-w", "bracket", "--out", "synthetic.jpg", "--columns", "2")
    run(step, "synth", "run", "-w", "bracket", "--good", "8", "--per-defect", "4")
    step.picture = "synthetic.jpg"
    return step


def plan() -> Step:
    step = begin(
        "What can this station see?", "A rolled strip under dark field light, from the plan an engineer wrote."
    )
    run(step, "new", "line-3", "--example", "strip")
    run(step, "plan", "show", "line-3")
    return step


def photographs() -> Step:
    step = begin("Photographs come in", "Thirty coupons, each seen three times; defects come with masks.")
    write_photographs(FOLDER / "photographs")
    run(step, "import", "photographs", "-w", "line-3")
    run(step, "dataset", "stats", "-w", "line-3", "--picture", "overview.png")
    step.picture = "overview.png"
    return step


def data_set() -> Step:
    step = begin(
        "A data set that does not leak", "Photographs of one coupon are found by what they show and kept together."
    )
    run(step, "dataset", "split", "-w", "line-3", "--share", "train=0.7", "--share", "test=0.3", "--out", "split.json")
    run(step, "dataset", "snapshot", "first-shift", "-w", "line-3", "--split", "split.json")
    return step


def evidence() -> Step:
    step = begin("Does the evidence hold?", "Every event, row and blob, against the signed chain.")
    run(step, "audit", "verify", "-w", "line-3")
    run(step, "audit", "log", "-w", "line-3", "--limit", "5")
    run(step, "workspace", "backup", "backup", "-w", "line-3")
    return step


def forger() -> Step:
    step = begin("Would it notice a forger?", "One byte of one photograph is changed in a copy of the workspace.")
    shutil.copytree(FOLDER / "line-3", FOLDER / "forged")
    victim = next(p for p in sorted((FOLDER / "forged" / "blobs").glob("??/*")) if p.stat().st_size > 1000)
    data = victim.read_bytes()
    victim.write_bytes(data[:-100] + bytes([data[-100] ^ 1]) + data[-99:])
    run(step, "audit", "verify", "-w", "forged", expected=6)
    return step


def begin(title: str, words: str) -> Step:
    print(f"\n— {title}\n  {words}", flush=True)
    return Step(title, words)


def run(step: Step, *words: str, expected: int = 0) -> None:
    shown = f"$ firstshift {' '.join(words)}"
    print(shown, flush=True)
    done = subprocess.run(
        [FIRSTSHIFT, *words], cwd=FOLDER, stdout=subprocess.PIPE, text=True, check=False, env=_environment()
    )
    print(done.stdout, end="", flush=True)
    if done.returncode != expected:
        raise SystemExit(f"the demo stopped: exit code {done.returncode} instead of {expected}")
    step.shown.append((shown, done.stdout))


def _environment() -> dict[str, str]:
    return {**os.environ, "COLUMNS": "100"}


def write_page(steps: list[Step], seconds: float) -> None:
    settings = json.loads(
        subprocess.run(
            [FIRSTSHIFT, "workspace", "info", "-w", "line-3", "--json"], cwd=FOLDER, check=True, capture_output=True
        ).stdout
    )
    sections = "\n".join(_section(number, step) for number, step in enumerate(steps, 1))
    (FOLDER / "index.html").write_text(
        f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>firstshift demo</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; }}
  h1 {{ margin-bottom: 0 }} h2 {{ margin-top: 2.5rem; border-top: 1px solid #d6dde6; padding-top: 1.2rem }}
  pre {{ background: #10161f; color: #dfe7f1; padding: 1rem; border-radius: 8px; overflow-x: auto; font-size: 13px }}
  pre b {{ color: #7cc4ff; font-weight: 600 }} img {{ max-width: 100%; border-radius: 8px; border: 1px solid #d6dde6 }}
  .facts {{ color: #566476 }}
</style>
<h1>From CAD to evidence</h1>
<p class="facts">Workspace {html.escape(str(settings.get("id", "")))}, made in {seconds:.0f} s by
<code>make demo</code>.
Every image is rendered or drawn, none is taken.</p>
{sections}
</html>
""",
        encoding="utf-8",
    )


def _section(number: int, step: Step) -> str:
    shown = "".join(
        f"<pre><b>{html.escape(command)}</b>\n{html.escape(text.rstrip())}</pre>" for command, text in step.shown
    )
    picture = f'<p><img src="{step.picture}" alt="{html.escape(step.title)}"></p>' if step.picture else ""
    return f"<h2>{number}. {html.escape(step.title)}</h2><p>{html.escape(step.words)}</p>{picture}{shown}"


if __name__ == "__main__":
    main()

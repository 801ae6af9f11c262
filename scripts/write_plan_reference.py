"""Put the list of every setting into docs/plan-file.md, between its two markers.

.venv/bin/python scripts/write_plan_reference.py
"""

from __future__ import annotations

from pathlib import Path

from firstshift.spec.reference import BEGIN, END, settings_reference

PAGE = Path(__file__).resolve().parent.parent / "docs" / "plan-file.md"


def main() -> None:
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{settings_reference().strip()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

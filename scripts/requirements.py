"""Print what pyproject.toml asks for (the package, every extra, the dev group), one requirement a line.

`pip install --group` would do the same, but the pip that comes with Python 3.11 does not know it.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def requirements(project: dict[str, Any], *, runtime_only: bool = False) -> list[str]:
    own = project["project"]
    extras: dict[str, list[str]] = own.get("optional-dependencies", {})
    wanted = [*own["dependencies"], *(line for extra in extras.values() for line in extra)]
    if not runtime_only:
        wanted += [line for line in project["dependency-groups"]["dev"] if isinstance(line, str)]
    # An extra that only gathers other extras (`firstshift[workspace]`) names nothing new.
    return sorted({line for line in wanted if not line.startswith(f"{own['name']}[")})


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    sys.stdout.write("\n".join(requirements(project)) + "\n")


if __name__ == "__main__":
    main()

"""Write constraints.txt with pip's own resolver, or check it against pyproject.toml and what is installed."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from requirements import ROOT, requirements

CONSTRAINTS = ROOT / "constraints.txt"
PYTHONS = ("3.11", "3.12", "3.13")
HEADER = """\
# Exact versions of everything that pyproject.toml leads to, for Python 3.11–3.13 on Linux.
# Written by scripts/pin; `make check` holds it against pyproject.toml.
"""
Pins = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="forget the pins there are")
    parser.add_argument("--check", action="store_true", help="change nothing, fail when out of date")
    options = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = requirements(project)
    if options.check:
        problems = disagreements(wanted, read_pins())
        if problems:
            sys.exit("constraints.txt: " + "\nconstraints.txt: ".join(problems) + "\nrun scripts/pin and commit")
        return
    pins = resolve([*wanted, "pip"], {} if options.upgrade else read_pins(), PYTHONS[0])
    # torch comes from an index of its own in many places, with wheels for one Python only; what it needs is the same.
    wanted = [line for line in wanted if Requirement(line).name != "torch"]
    for python in PYTHONS[1:]:
        # The pins of the oldest Python have to do for the newer ones as well; what only those need is added.
        pins |= resolve([*wanted, "pip"], pins, python)
    CONSTRAINTS.write_text(HEADER + "".join(f"{name}=={pins[name]}\n" for name in sorted(pins)))


def read_pins() -> Pins:
    if not CONSTRAINTS.exists():
        return {}
    lines = (line.split("#")[0].strip() for line in CONSTRAINTS.read_text().splitlines())
    return {name: version for name, _, version in (line.partition("==") for line in lines if line)}


def resolve(wanted: list[str], pins: Pins, python: str) -> Pins:
    """What pip would install under `python`, without installing it."""
    with tempfile.TemporaryDirectory() as folder:
        constraints, report = Path(folder, "constraints.txt"), Path(folder, "report.json")
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", "install", "--dry-run"),
                *("--ignore-installed", "--only-binary=:all:", f"--python-version={python}", f"--target={folder}"),
                *(f"--report={report}", f"--constraint={constraints}", *wanted),
            ],
            check=True,
        )
        installs = json.loads(report.read_text())["install"]
    return {canonicalize_name(item["metadata"]["name"]): public(item["metadata"]["version"]) for item in installs}


def public(version: str) -> str:
    """Without what an index adds of its own: 2.13.0+cpu is 2.13.0."""
    return version.partition("+")[0]


def disagreements(wanted: list[str], pins: Pins) -> list[str]:
    """Everything reachable is pinned, inside its range and installed as pinned; nothing else is pinned."""
    problems: list[str] = []
    for name, requirement in closure([*wanted, "pip"]):
        if name not in pins:
            problems.append(f"{name} is missing")
        elif not requirement.specifier.contains(pins[name], prereleases=True):
            problems.append(f"{name} is pinned at {pins[name]}, and {requirement} is asked for")
        elif (installed := public(metadata.version(name))) != pins[name]:
            problems.append(f"{name} is pinned at {pins[name]}, and {installed} is installed; run make setup")
    known = {name for name, _ in closure([*wanted, "pip"])}
    problems += [f"{name} is pinned and nothing needs it" for name in sorted(set(pins) - known)]
    return sorted(set(problems))


def closure(wanted: list[str]) -> list[tuple[str, Requirement]]:
    """Every requirement met on the way down from `wanted`, by what the installed packages say of themselves."""
    found: list[tuple[str, Requirement]] = []
    waiting = [(Requirement(line), "") for line in wanted]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        found.append((name, requirement))
        for asked in {"", *requirement.extras}:
            if (name, asked) not in seen:
                seen.add((name, asked))
                waiting += [(Requirement(line), asked) for line in requires(name)]
    return found


def requires(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        sys.exit(f"constraints.txt: {name} is asked for and not installed; run make setup")


if __name__ == "__main__":
    main()

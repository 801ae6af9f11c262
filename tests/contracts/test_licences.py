"""Everything that ships with `pip install firstshift[all]` may be used, changed and sold with the product.

This is what each package says of itself; docs/decisions/2026-11-20-what-the-wheels-carry.md says what the binary wheels
contain besides. What only developers install (tests, types, documentation) is held to the same list, with named
exceptions that are never part of the product.
"""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.contracts.house import ROOT

PERMISSIVE = {
    *("MIT", "MIT-0", "MIT-CMU", "HPND", "0BSD", "ISC", "Zlib", "CC0-1.0", "PSF-2.0", "Unlicense"),
    *("BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"),
    "BSL-1.0",  # Boost's; the Business Source License is BUSL
}
READ_BY_HAND = {"embreex": "BSD-2-Clause"}
"""Packages that put the text of a licence where its name belongs."""
NO_PART_OF_THE_PRODUCT = {"certifi"}
"""MPL-2.0: the list of certificate authorities, unchanged, which the optional `cluster` extra leads to through Ray."""
DEVELOPERS_ONLY = {"MPL-2.0"}
"""Per-file copyleft: hypothesis, pathspec and certifi, which documentation and tests use and no product contains."""

CLASSIFIERS = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
SPELLINGS = {
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "ISC License": "ISC",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
}


def test_what_ships_is_permissive() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    shipped = closure(wanted) - {"firstshift"} - NO_PART_OF_THE_PRODUCT
    assert {"numpy", "sqlalchemy", "pg8000", "scramp", "cryptography"} <= shipped, "the walk lost its way"
    assert {name: found for name in sorted(shipped) if not (found := licences(name)) or found - PERMISSIVE} == {}


def test_developers_tools_are_permissive_but_for_the_named_exceptions() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    tools = closure(groups["dev"])
    allowed = PERMISSIVE | DEVELOPERS_ONLY
    assert {name: found for name in sorted(tools) if not (found := licences(name)) or found - allowed} == {}


def test_an_unknown_licence_is_not_taken_for_a_permissive_one() -> None:
    assert not parts("GPL-3.0-or-later") <= PERMISSIVE
    assert not parts("MIT AND LGPL-2.1-only") <= PERMISSIVE
    assert not parts("BUSL-1.1") <= PERMISSIVE
    assert parts("Apache-2.0 OR BSD-3-Clause") <= PERMISSIVE


def closure(lines: list[str]) -> set[str]:
    """The names of all installed packages that `lines` lead to."""
    found: set[str] = set()
    waiting = [(Requirement(line), "") for line in lines]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        found.add(name)
        for asked in {"", *requirement.extras} - {extra for package, extra in seen if package == name}:
            seen.add((name, asked))
            waiting += [(Requirement(line), asked) for line in metadata.requires(name) or []]
    return found


def licences(name: str) -> set[str]:
    """SPDX names, from the first of: the licence expression, the classifiers, the free text."""
    if name in READ_BY_HAND:
        return {READ_BY_HAND[name]}
    about = metadata.metadata(name)
    if expression := about.get("License-Expression"):
        return parts(expression)
    classifiers = [line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License :: ")]
    if classifiers:
        return {CLASSIFIERS.get(text, text) for text in classifiers}
    text = (about.get("License") or "").strip().partition("\n")[0]  # some put the whole text there
    return {SPELLINGS.get(text, text)} if text else set()


def parts(expression: str) -> set[str]:
    """Every licence named in an SPDX expression: with OR too all of them, so that nobody has to choose."""
    return {word for word in re.split(r"\s+(?:AND|OR)\s+|[()]", expression) if word}

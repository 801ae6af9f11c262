"""Kept files as files in a folder again: where the plan looks for each, and nowhere outside that folder.

A kept name is what somebody else's workspace says. All names are looked at before the first file is written, and what
was written is taken away again when one cannot be, so that the folder is complete or as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from firstshift.core.errors import BadInput, one_line
from firstshift.spec.yaml_tree import read_tree
from firstshift.store.kept_files import KeptFile
from firstshift.store.workspace import Workspace

PLAN, PROFILE, TYPES = "plan", "profile", "defect types"
PLAN_NAME, PROFILE_NAME = "plan.yaml", "profile.json"


def lay_out(ws: Workspace, kept: Sequence[KeptFile], place: Path) -> list[Path]:
    """Into `place`, which is empty or not there, in the order in which they were kept."""
    paths = [place / name for name in _names(ws, kept)]
    written: list[Path] = []
    try:
        for file, path in zip(kept, paths, strict=True):
            _write(path, ws.kept_files.read(file), written)
    except BaseException:
        _take_away(written, paths, place)
        raise
    return paths


def name_of_types(path: Path) -> str:
    """No plan names a file of one's own with types of flaw, so it may lose what not every disk can write."""
    return "".join(letter if letter.isprintable() and letter not in ':\\<>"|?*' else "_" for letter in path.name)


def _names(ws: Workspace, kept: Sequence[KeptFile]) -> list[str]:
    """One for each. A file of types that has the name of another gets its hash before it."""
    names = [_name(ws, kept, one) for one in kept]
    for name in names:
        _check_inside(name)
    taken = {
        place
        for one, name in zip(kept, names, strict=True)
        if one.role != TYPES
        for place in (_as_on_any_disk(name), *_as_on_any_disk(name).parents)
    }
    for at, one in enumerate(kept):
        if one.role == TYPES:
            while _as_on_any_disk(names[at]) in taken:
                names[at] = f"{one.content[:8]}-{names[at]}"
            taken.add(_as_on_any_disk(names[at]))
    return names


def _name(ws: Workspace, kept: Sequence[KeptFile], file: KeptFile) -> str:
    if file.role == TYPES:
        return name_of_types(Path(file.name))
    if file.role != PROFILE:
        return file.name
    # Profiles are kept once for all plans, under the name that the first one had for it.
    plan = next((one for one in kept if one.role == PLAN), None)
    named = _profile_in(ws.kept_files.read(plan)) if plan is not None else None
    return named or PROFILE_NAME


def _profile_in(plan: bytes) -> str | None:
    """What the plan calls the camera's profile; read without its types of flaw, which may be a person's own."""
    station = read_tree(plan.decode(errors="replace"), PLAN_NAME).step("station")
    named = station.step("profile") if station is not None else None
    return named.value if named is not None and isinstance(named.value, str) else None


def _check_inside(name: str) -> None:
    """On every system: a backslash divides folders on some, and a colon names a disk."""
    path = _as_on_any_disk(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or ":" in name or not name.isprintable():
        shown = one_line(ascii(name), 80)
        raise BadInput(where=f"kept file {shown}", expected="a name inside the plan's folder", found="another")


def _as_on_any_disk(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/").casefold())


def _write(path: Path, data: bytes, written: list[Path]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            written.append(path)
            file.write(data)
    except OSError as error:
        raise BadInput(where=path, expected="a folder to write into", found=error.strerror or error) from error


def _take_away(written: Sequence[Path], paths: Sequence[Path], place: Path) -> None:
    with suppress(OSError):  # a disk that is gone
        for path in written:
            path.unlink(missing_ok=True)
    for folder in sorted({folder for path in paths for folder in path.parents}, reverse=True):
        if folder != place and folder.is_relative_to(place):
            with suppress(OSError):  # never made, or something else is in it
                folder.rmdir()

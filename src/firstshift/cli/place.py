"""Where the workspace and its plan are: the folder that was named, or the nearest one from here upwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from firstshift.core.errors import NotFound

if TYPE_CHECKING:
    from firstshift.store.workspace import Workspace

FILE_NAME = "firstshift.toml"


def find_workspace(folder: Path | None) -> Path:
    if folder is not None:
        return folder
    here = Path.cwd()
    for place in (here, *here.parents):
        if (place / FILE_NAME).is_file():
            return place
    raise NotFound(
        "no workspace here or in a folder above",
        where=here,
        way_out="`firstshift new FOLDER` makes one; `--workspace` or FIRSTSHIFT_WORKSPACE points to one",
    )


def open_workspace(folder: Path | None) -> Workspace:
    from firstshift.store.workspace import Workspace

    return Workspace.open(find_workspace(folder))


def find_plan(given: Path | None, folder: Path | None) -> Path:
    """The plan that was named (a file, or a folder with a `plan.yaml`), or the workspace's."""
    if given is not None:
        return given
    if folder is None and Path("plan.yaml").is_file():
        return Path("plan.yaml")
    from firstshift.store.workspace_file import read_workspace_file

    place = find_workspace(folder)
    return place / read_workspace_file(place).plan_file

"""What images were rendered from, kept with them: their plan, its CAD file, heat maps, profile, and own types of flaw.

An image's record names its plan and its profile by their hashes. Under these hashes the workspace keeps the files, once
for all runs of a plan, so that an image can be explained after the plan on the disk has changed, or is gone.

**Code that a workspace keeps is never executed.** A file with a person's own types of flaw is kept as text, to be read.
An image that needs it is painted again only with a file that the person names and whose bytes are those that were kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstshift.core.errors import BadInput, FirstshiftError, NotFound, Refused, one_line
from firstshift.core.hashing import content_hash
from firstshift.line.synth.inputs import file_digest, hash_of, hash_of_profile, hash_with_files, named_files
from firstshift.line.synth.laying_out import PLAN, PLAN_NAME, PROFILE, PROFILE_NAME, TYPES, lay_out, name_of_types
from firstshift.line.synth.order import Order
from firstshift.line.synth.ordering import order_for
from firstshift.line.synth.recording import AUTHOR
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.stage import Stage
from firstshift.sensor.profile import SensorProfile
from firstshift.spec.plan import plan_path
from firstshift.store.kept_files import MAX_FILE_BYTES, KeptFile, NewFile
from firstshift.store.workspace import Workspace

LONGEST_WHY = 200


def keep_inputs(ws: Workspace, stage: Stage) -> None:
    """Before the first image of a run is recorded; a look where they are kept already."""
    order = stage.order
    if not ws.kept_files.of(stage.plan_hash):
        ws.kept_files.keep(stage.plan_hash, _files_of(stage), author=AUTHOR)
    if stage.profile_hash is not None and order.profile is not None:
        name = stage.plan.station.profile or PROFILE_NAME
        file = NewFile(PROFILE, name, order.profile.to_json().encode())
        ws.kept_files.keep(stage.profile_hash, [file], author=AUTHOR)


def _files_of(stage: Stage) -> list[NewFile]:
    """The plan as it was declared, and the bytes that its hash was taken of."""
    order = stage.order
    wanted = [(role, name, order.folder / name) for name, role in named_files(stage.declared).items()]
    wanted += [(TYPES, name_of_types(path), path) for path in order.defect_files]
    files, digests = [NewFile(PLAN, PLAN_NAME, order.plan_text.encode())], []
    for role, name, path in wanted:
        data = _read(path, name)
        digests.append("" if data is None else content_hash(data))
        if data is not None:
            files.append(NewFile(role, name, data))
    if hash_of(stage.declared, digests) != stage.plan_hash:
        raise Refused(
            "a file that the plan names was changed while the run began",
            where="synth",
            way_out="run it again; nothing was recorded",
        )
    return files


def _read(path: Path, name: str) -> bytes | None:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError:
        return None  # not there: what needs it has said so
    if len(data) > MAX_FILE_BYTES:
        raise BadInput(where=name, expected=f"at most {MAX_FILE_BYTES:,} bytes", found="a larger file")
    return data


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person says an image was made from; it need not be so any more."""

    plan_file: Path
    profile: Path | None = None
    defect_files: tuple[Path, ...] = ()


def order_again(
    ws: Workspace,
    told: Mapping[str, Any],
    settings: SynthSettings,
    asked: Asked,
    place: Path,
) -> tuple[Order, str]:
    """What an image was made from: the files on the disk where they are still the same, or else the kept ones, written
    into the empty folder `place`. With the latter comes why."""
    kept = ws.kept_files.of(told.get("plan"))
    if not kept:  # made by a release that kept nothing: whoever paints it compares
        return order_for(asked.plan_file, settings, asked.profile, asked.defect_files), ""
    types = _own_types(kept, asked.defect_files)
    try:
        order = order_for(asked.plan_file, settings, asked.profile, types)
        because = _difference(order, told, asked.plan_file)
    except FirstshiftError as error:
        file = plan_path(asked.plan_file)
        why = one_line(error.message, LONGEST_WHY)
        because = f"{file} does not work as it is now ({why})" if file.is_file() else f"{file} is not there"
    return (_kept_order(ws, told, settings, types, place), because) if because else (order, "")


def write_inputs(ws: Workspace, told: Mapping[str, Any], place: Path) -> list[Path]:
    """Everything that is kept of what an image was made from, into a folder of its own."""
    kept = _kept(ws, told)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise Refused("this folder is in use for something else", where=place, way_out="name a new one")
    return lay_out(ws, kept, place)


def _kept(ws: Workspace, told: Mapping[str, Any]) -> tuple[KeptFile, ...]:
    kept = ws.kept_files.of(told.get("plan"))
    if not kept:
        raise NotFound(
            "nothing is kept of what this image was made from", where="synth", way_out="is it an image that synth made?"
        )
    return (*kept, *ws.kept_files.of(told.get("profile")))


def _difference(order: Order, told: Mapping[str, Any], plan_file: Path) -> str:
    if hash_with_files(order.declared(), order.folder, order.defect_files) != told["plan"]:
        return f"{plan_path(plan_file)}, or a file that it names, changed since"
    profile = None if order.profile is None else hash_of_profile(order.profile)
    return "" if profile == told.get("profile") else "the camera's profile changed since"


def _own_types(kept: Sequence[KeptFile], named: Sequence[Path]) -> tuple[Path, ...]:
    """Of the files that were named, those that are what was kept, in the order in which they were; no other is run."""
    by_digest = {file_digest(path): path for path in named}
    wanted = [one for one in kept if one.role == TYPES]
    for one in wanted:
        if one.content not in by_digest:
            raise BadInput(
                where=f"--defects {one.name}",
                expected=f"the types of flaw it was made with (SHA-256 {one.content[:12]}…)",
                found=f"other text in {', '.join(path.name for path in named)}" if named else "no such file named",
                way_out="name it with --defects; `firstshift synth inputs IMAGE FOLDER` writes the kept one, to be "
                "read first: code that a workspace keeps is not executed by itself",
            )
    return tuple(by_digest[one.content] for one in wanted)


def _kept_order(
    ws: Workspace, told: Mapping[str, Any], settings: SynthSettings, types: tuple[Path, ...], place: Path
) -> Order:
    plan_text, profile = "", None
    kept = _kept(ws, told)
    for one in kept:
        if one.role == PLAN:
            plan_text = ws.kept_files.read(one).decode()
        elif one.role == PROFILE:
            profile = SensorProfile.of_json(ws.kept_files.read(one), one.name)
    lay_out(ws, [one for one in kept if one.role not in (PLAN, PROFILE, TYPES)], place)
    return Order(plan_text, place.absolute(), settings, tuple(path.absolute() for path in types), profile)

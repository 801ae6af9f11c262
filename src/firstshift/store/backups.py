"""Back a workspace up into a folder, and bring it back.

    back_up(ws, Path("/mnt/backup/line-3"))      # again tomorrow: copies only what is new
    restore(Path("/mnt/backup/line-3"), Path("line-3"))

A backup is a workspace of its own, SQLite and a folder of blobs wherever the original lives: it opens, lists, exports
and verifies like any other, but takes no writes. It counts from the moment its `backup.json` says so, and that is
written last. A run that was cut off leaves the backup before it as good as it was.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from firstshift.core.errors import BadInput, FirstshiftError, NotFound, Refused
from firstshift.core.progress import Progress
from firstshift.core.wholefile import OWNER_ONLY, flush_folder, write_whole
from firstshift.db.engine import without_password
from firstshift.db.migrate import require_head, revision_of
from firstshift.ledger.keys import SigningKey, load_signing_key
from firstshift.ledger.ledger import Draft, Head
from firstshift.ledger.tables import events
from firstshift.ledger.tags import Tag
from firstshift.spec.plan import Plan
from firstshift.store.audit import Verification
from firstshift.store.blob_address import open_blobs
from firstshift.store.blob_owner import backup_of, refuse_taken
from firstshift.store.blobs import blobs_folder_around, disk_error
from firstshift.store.copying import CopyReport, copy_workspace, is_sealed
from firstshift.store.tables import images, labels, retirements, snapshots
from firstshift.store.verified import verified_copy
from firstshift.store.workspace import DEFAULT_BLOBS, DEFAULT_DATABASE, KEY_FILE, Workspace, default_actor
from firstshift.store.workspace_file import FILE_NAME, WorkspaceFile, write_workspace_file

BACKUP_FILE = "backup.json"
MAX_BACKUP_FILE_BYTES = 1_000_000
BEING_RESTORED = "it is being restored; run the same `firstshift workspace restore` again"
_COUNTED = {"images": images, "labels": labels, "snapshots": snapshots, "retired": retirements}


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What `backup.json` says: which state of which workspace is here, complete."""

    workspace: str
    name: str
    at: datetime
    head_seq: int
    head_hash: str
    counts: dict[str, int]
    has_key: bool
    problems: tuple[str, ...]
    """What was damaged in the original already when it was backed up."""

    def to_json(self) -> dict[str, Any]:
        return {
            "firstshift_backup": 1,
            "workspace": self.workspace,
            "name": self.name,
            "at": self.at.isoformat(),
            "head": {"seq": self.head_seq, "hash": self.head_hash},
            "counts": self.counts,
            "has_key": self.has_key,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class BackupReport:
    facts: BackupFacts
    copied: CopyReport
    verified: Verification

    def to_json(self) -> dict[str, Any]:
        return {"backup": self.facts.to_json(), "copied": self.copied.to_json(), "verified": self.verified.to_json()}


@dataclass(frozen=True, slots=True)
class RestoreReport:
    copied: CopyReport
    verified: Verification
    folder: Path

    def to_json(self) -> dict[str, Any]:
        return {"folder": str(self.folder), "copied": self.copied.to_json(), "verified": self.verified.to_json()}


def back_up(
    ws: Workspace,
    folder: str | Path,
    *,
    with_key: bool = True,
    thorough: bool | None = None,
    progress: Progress | None = None,
) -> BackupReport:
    """Complete when it returns. The first run reads every blob of the backup again; later ones check that each is
    there with its size, unless `thorough`. Damage in the original does not stop a backup: `facts.problems` names it."""
    place = Path(folder)
    is_first = not (place / BACKUP_FILE).exists()
    settings = _backup_settings(ws, place)
    _make_folder(place)
    frozen = f"it is a backup of {ws.settings.name!r}; `firstshift workspace restore` makes a workspace of it"
    quick = not (is_first if thorough is None else thorough)
    with Workspace(place, settings, None, ws.actor) as target:
        if revision_of(target.database) is not None:
            require_head(target.database, place)
        owner = backup_of(ws.settings.id)
        copied = copy_workspace(ws, target.database, target.blobs, frozen=frozen, blobs_owner=owner, progress=progress)
        _copy_files(ws, place, ws.folder / ws.settings.private_key_file if with_key else None)
        verified = verified_copy(ws, target, copies_blobs=True, quick=quick, accept_problems=True, progress=progress)
        with target.database.reading() as connection:
            counts = {
                name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
                for name, table in _COUNTED.items()
            }
    facts = BackupFacts(
        workspace=ws.settings.id,
        name=ws.settings.name,
        at=datetime.now(UTC),
        head_seq=copied.head_seq,
        head_hash=copied.head_hash,
        counts=counts,
        has_key=(place / KEY_FILE).exists(),
        problems=tuple(str(problem) for problem in verified.problems),
    )
    write_workspace_file(place, settings)
    told = json.dumps(facts.to_json(), indent=2, ensure_ascii=False) + "\n"
    write_whole(place / BACKUP_FILE, told.encode("utf-8", "replace"))
    return BackupReport(facts, copied, verified)


def restore(
    backup: str | Path,
    folder: str | Path,
    *,
    database_url: str = DEFAULT_DATABASE,
    blobs_url: str = DEFAULT_BLOBS,
    blobs_endpoint: str | None = None,
    key_file: str | Path | None = None,
    accept_damage: bool = False,
    actor: str | None = None,
    progress: Progress | None = None,
) -> RestoreReport:
    """A workspace in `folder`, in the state that the backup's `backup.json` names, verified. `key_file` for a backup
    that was made without the key. Cut off, the same call goes on."""
    origin, place = Path(backup), Path(folder)
    facts = read_backup_file(origin)
    if (place / FILE_NAME).exists():
        raise Refused("there is a workspace here already", where=place / FILE_NAME, way_out="restore into a new folder")
    if facts.problems and not accept_damage:
        raise Refused(
            "the original was damaged already when it was backed up",
            where=origin,
            found=f"{len(facts.problems)} problem(s), the first: {facts.problems[0]}",
            way_out="restore an earlier backup, or this one with `--accept-damage`",
        )
    key = _key_for(origin, key_file)
    with Workspace.open(origin) as source:
        head = _head_of(source, facts)
        settings = replace(
            source.settings,
            database_url=database_url,
            blobs_url=blobs_url,
            blobs_endpoint=blobs_endpoint,
            private_key_file=KEY_FILE,
        )
        _require_key(key, settings)
        refuse_taken(open_blobs(blobs_url, place, blobs_endpoint), settings.id)
        _make_folder(place)
        with Workspace(place, settings, key, actor or default_actor()) as target:
            copied, verified = _restored(source, target, head, facts, accept_damage, progress)
        _copy_files(source, place, _key_path(origin, key_file))
    write_workspace_file(place, replace(settings, database_url=without_password(database_url)))
    return RestoreReport(copied, verified, place)


def read_backup_file(folder: Path) -> BackupFacts:
    path = folder / BACKUP_FILE
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BACKUP_FILE_BYTES + 1)
        plain = json.loads(data)
        if plain["firstshift_backup"] != 1:
            raise ValueError(f"version {plain['firstshift_backup']}")
        return BackupFacts(
            workspace=str(plain["workspace"]),
            name=str(plain["name"]),
            at=datetime.fromisoformat(plain["at"]),
            head_seq=int(plain["head"]["seq"]),
            head_hash=str(plain["head"]["hash"]),
            counts={str(name): int(count) for name, count in plain["counts"].items()},
            has_key=bool(plain["has_key"]),
            problems=tuple(map(str, plain["problems"])),
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound("there is no finished backup here", where=path) from error
    except OSError as error:
        raise BadInput(where=path, expected="a readable file", found=error.strerror) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(where=path, expected="what `firstshift workspace backup` wrote", found=error) from error


def copy_key(source: Path, target: Path) -> None:
    """Readable by its owner only, from the first byte on; another key is never overwritten."""
    if not source.exists() or (target.exists() and target.read_bytes() == source.read_bytes()):
        return
    if target.exists():
        raise Refused("there is another key here already", where=target, way_out="choose another folder")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(target, source.read_bytes(), OWNER_ONLY)
    flush_folder(target.parent.parent)


def _restored(
    source: Workspace,
    target: Workspace,
    head: Head,
    facts: BackupFacts,
    accept_damage: bool,
    progress: Progress | None,
) -> tuple[CopyReport, Verification]:
    if is_sealed(target.database, head, Tag.WORKSPACE_RESTORED):
        return CopyReport(head.seq, head.hash), Verification(events=head.seq)
    copied = copy_workspace(source, target.database, target.blobs, frozen=BEING_RESTORED, progress=progress)
    verified = verified_copy(source, target, copies_blobs=True, accept_problems=accept_damage, progress=progress)
    body = {
        "backup": {"at": facts.at.isoformat(), "head": {"hash": head.hash, "seq": head.seq}},
        "to": {"blobs": target.blobs.shown_url, "database": target.database.shown_url},
    }
    if verified.problems:
        body["accepted_damage"] = {"problems": len(verified.problems), "first": str(verified.first_problem)}
    with target.database.writing() as connection:
        target.ledger.freeze(connection, None)
        target.ledger.append(connection, [Draft(Tag.WORKSPACE_RESTORED, target.actor, body)])
    return copied, verified


def _backup_settings(ws: Workspace, place: Path) -> WorkspaceFile:
    """Refuses a folder that holds anything but an earlier, perhaps unfinished, backup."""
    settings = replace(
        ws.settings,
        database_url=DEFAULT_DATABASE,
        blobs_url=DEFAULT_BLOBS,
        blobs_endpoint=None,
        private_key_file=KEY_FILE,
    )
    if place.absolute() == ws.folder.absolute():
        raise Refused("a workspace cannot be its own backup", where=place, way_out="choose another folder")
    around = ws.folder if place.resolve().is_relative_to(ws.folder.resolve()) else blobs_folder_around(place)
    if around is not None:
        raise Refused(
            "a backup inside what it backs up is lost with it",
            where=place,
            found=f"a place inside {around}",
            way_out="choose a folder elsewhere, best on another disk",
        )
    holds_database = (place / "firstshift.db").exists()  # whose it is, the copy finds out
    if place.exists() and not holds_database and _strange_names(place):
        raise Refused(
            "this folder is in use for something else",
            where=place,
            found=_strange_names(place)[0],
            way_out="back up into an empty folder, or where an earlier backup is",
        )
    if not holds_database:
        refuse_taken(open_blobs(DEFAULT_BLOBS, place), backup_of(ws.settings.id))
    return settings


def _strange_names(place: Path) -> list[str]:
    ours = {"firstshift.db", "blobs", "keys", "plan.yaml", BACKUP_FILE, FILE_NAME}
    if not place.is_dir():
        return [place.name]
    return sorted(p.name for p in place.iterdir() if p.name not in ours and not p.name.startswith("firstshift.db"))


def _make_folder(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, place) from error


def _copy_files(ws: Workspace, place: Path, key: Path | None) -> None:
    """Only once the copy has found out that the folder is ours."""
    try:
        if key is not None:
            copy_key(key, place / KEY_FILE)
        _copy_plan(ws, place)
    except OSError as error:
        raise disk_error(error, place) from error


def _copy_plan(ws: Workspace, place: Path) -> None:
    """The plan and its CAD file are the person's own files beside the workspace; without them it is half restored."""
    names = [ws.settings.plan_file]
    try:
        cad = Plan.load(ws.plan_path).part.cad
    except FirstshiftError:
        cad = None  # none yet, or one that is being worked on: the text is kept all the same
    if cad:
        names.append(str(Path(names[0]).parent / cad))
    for name in names:
        if (ws.folder / name).is_file() and not Path(name).is_absolute() and ".." not in Path(name).parts:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ws.folder / name, place / name)


def _head_of(source: Workspace, facts: BackupFacts) -> Head:
    with source.database.reading() as connection:
        head = source.ledger.head(connection)
        known = connection.execute(sa.select(events.c.hash).where(events.c.seq == facts.head_seq)).scalar()
    # The head may be newer: a run that was cut off between the copy and its verification. Then ours verifies it.
    if known != facts.head_hash or head.seq < facts.head_seq:
        raise Refused(
            "the backup is not what its backup.json says",
            where=source.folder,
            expected=f"event {facts.head_seq} ({facts.head_hash[:12]}…) at the end",
            found=f"event {head.seq} ({head.hash[:12]}…)",
            way_out="run the backup once more, or restore another one",
        )
    return head


def _key_path(origin: Path, key_file: str | Path | None) -> Path:
    return Path(key_file) if key_file is not None else origin / KEY_FILE


def _key_for(origin: Path, key_file: str | Path | None) -> SigningKey | None:
    path = _key_path(origin, key_file)
    return load_signing_key(path) if path.exists() or key_file is not None else None


def _require_key(key: SigningKey | None, settings: WorkspaceFile) -> None:
    if key is None:
        raise NotFound(
            "the backup was made without the private key", where="restore", way_out="give it with `--key-file`"
        )
    if key.public_hex != settings.public_key:
        raise BadInput(
            where="restore key", expected=f"public half {settings.public_key[:12]}…", found=f"{key.public_hex[:12]}…"
        )

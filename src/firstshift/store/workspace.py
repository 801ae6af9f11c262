"""A workspace: one line's images, labels, data sets and evidence, opened the same way by everyone.

    with Workspace.open("line-3") as ws:
        record = ws.images.add(Path("part.png").read_bytes(), Capture(serial="A-0017"))
        ws.labels.add(record.id, Label.good(), level=Level.OPERATOR, author="anna")

A workspace is a folder with `firstshift.toml`. By default it also holds `firstshift.db` and `blobs/`; the same file can
point at PostgreSQL and S3.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
import shutil
import unicodedata
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import TracebackType

from firstshift.core.errors import BadInput, FirstshiftError, NotFound, Refused, Tampered
from firstshift.core.imagefacts import DEFAULT_LIMITS, DecodeLimits
from firstshift.db.engine import Database, without_password
from firstshift.db.migrate import migrate, require_head, revision_of
from firstshift.ledger.keys import SigningKey, create_signing_key, load_signing_key
from firstshift.ledger.ledger import Ledger
from firstshift.store.blob_address import open_blobs
from firstshift.store.blob_owner import claim, refuse_taken, require_own
from firstshift.store.blobs import Blobs, LocalBlobs, disk_error
from firstshift.store.images import Images
from firstshift.store.kept_files import KeptFiles
from firstshift.store.labels import Labels
from firstshift.store.snapshots import Snapshots
from firstshift.store.workspace_file import FILE_NAME, WorkspaceFile, read_workspace_file, write_workspace_file

DEFAULT_DATABASE = "sqlite:///firstshift.db"
DEFAULT_BLOBS = "blobs"
KEY_FILE = "keys/ledger.pem"


class Workspace(AbstractContextManager["Workspace"]):
    def __init__(
        self,
        folder: Path,
        settings: WorkspaceFile,
        key: SigningKey | None,
        actor: str,
        limits: DecodeLimits = DEFAULT_LIMITS,
    ) -> None:
        self.folder, self.settings, self.actor, self.key = folder, settings, actor, key
        self.database = Database(settings.database_url, folder)
        self.blobs: Blobs = open_blobs(settings.blobs_url, folder, settings.blobs_endpoint)
        self.ledger = Ledger(key, place=settings.blobs_url)
        self.labels = Labels(self.database, self.ledger, actor)
        self.images = Images(self.database, self.ledger, self.blobs, self.labels, actor, limits)
        self.snapshots = Snapshots(self.database, self.ledger, self.blobs, actor)
        self.kept_files = KeptFiles(self.database, self.ledger, self.blobs, actor)

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        name: str = "",
        database_url: str = DEFAULT_DATABASE,
        blobs_url: str = DEFAULT_BLOBS,
        blobs_endpoint: str | None = None,
        actor: str | None = None,
    ) -> Workspace:
        """A new, empty workspace. The folder may exist; a workspace in it may not."""
        place = _checked_folder(folder)
        try:
            if (place / FILE_NAME).exists():
                raise Refused(
                    "there is a workspace here already", where=place / FILE_NAME, way_out="choose another folder"
                )
            # An address that nobody understands, or a place that is taken, is refused before anything is made.
            Database(database_url, place).close()
            if not (place / KEY_FILE).exists():  # else an interrupted `create` may have claimed it
                refuse_taken(open_blobs(blobs_url, place, blobs_endpoint), "a new workspace")
            missing = [p for p in (place, *place.parents) if not p.exists()]
        except OSError as error:
            raise disk_error(error, place) from error
        half_made = _HalfMade(missing)
        try:
            return cls._made(place, name, database_url, blobs_url, blobs_endpoint, actor or default_actor(), half_made)
        except OSError as error:
            half_made.remove()
            raise disk_error(error, place) from error
        except FirstshiftError:
            half_made.remove()
            raise

    @classmethod
    def _made(
        cls,
        place: Path,
        name: str,
        database_url: str,
        blobs_url: str,
        blobs_endpoint: str | None,
        actor: str,
        half_made: _HalfMade,
    ) -> Workspace:
        place.mkdir(parents=True, exist_ok=True)
        workspace_id = f"wsp_{secrets.token_hex(16)}"
        key = _new_key(place / KEY_FILE)
        settings = WorkspaceFile(
            id=workspace_id,
            name=name or place.absolute().name,
            database_url=database_url,
            blobs_url=blobs_url,
            blobs_endpoint=blobs_endpoint,
            public_key=key.public_hex,
        )
        workspace = cls(place, settings, key, actor)
        try:
            begun = _begun_before(workspace, key)
            refuse_taken(workspace.blobs, begun or workspace_id)
            half_made.keep_unless_all_is_inside(workspace)
            migrate(workspace.database)
            if begun is None:
                with workspace.database.writing() as connection:
                    workspace.ledger.start(connection, workspace_id, workspace.actor)
            else:
                workspace.settings = settings = replace(settings, id=begun)
            claim(workspace.blobs, settings.id)  # after the ledger knows the id: an interrupted run finds its own again
            kept = replace(settings, database_url=without_password(database_url))
            write_workspace_file(place, kept)  # last: a folder without it is no workspace
        except BaseException:
            workspace.close()
            raise
        return workspace

    @classmethod
    def open(
        cls, folder: str | Path = ".", *, actor: str | None = None, limits: DecodeLimits = DEFAULT_LIMITS
    ) -> Workspace:
        """An existing workspace. Without its private key it opens for reading and verifying."""
        place = Path(folder)
        settings = read_workspace_file(place)
        key = _key_of(place, settings)
        if settings.database_url.startswith("sqlite") and not _sqlite_file(place, settings).exists():
            raise NotFound(
                "the workspace's database is gone",
                where=_sqlite_file(place, settings),
                way_out="`firstshift workspace restore` brings it back from a backup",
            )
        workspace = cls(place, settings, key, actor or default_actor(), limits)
        try:
            require_own(workspace.blobs, settings.id)
            require_head(workspace.database, place)
        except BaseException:
            workspace.close()
            raise
        return workspace

    @property
    def is_writable(self) -> bool:
        return self.key is not None and not self.database.is_read_only

    @property
    def plan_path(self) -> Path:
        return self.folder / self.settings.plan_file

    def close(self) -> None:
        self.database.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Workspace({str(self.folder)!r}, {self.settings.name!r})"


class _HalfMade:
    """The folders that `create` makes, to be taken away again when it fails."""

    def __init__(self, missing: list[Path]) -> None:
        self._missing = missing

    def keep_unless_all_is_inside(self, workspace: Workspace) -> None:
        """A ledger that was begun elsewhere goes on only with the key that is in here."""
        inside = workspace.folder.absolute()
        blobs, database = workspace.blobs, workspace.database
        is_inside = database.is_sqlite and Path(str(database.url.database)).is_relative_to(inside)
        if not (is_inside and isinstance(blobs, LocalBlobs) and blobs.root.absolute().is_relative_to(inside)):
            self._missing = []

    def remove(self) -> None:
        for place in self._missing[:1]:
            shutil.rmtree(place, ignore_errors=True)
        with suppress(OSError):  # somebody else put something there meanwhile
            for parent in self._missing[1:]:
                parent.rmdir()


def _checked_folder(folder: str | Path) -> Path:
    told = str(folder)
    if not told.strip():
        raise BadInput(where="new workspace", expected="a folder", found="an empty name", way_out="`.` is the one here")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in told):
        raise BadInput(where="new workspace", expected="a folder name without control characters", found=told)
    return Path(told)


def default_actor() -> str:
    """Who is at the keyboard: FIRSTSHIFT_ACTOR, or the name the system knows."""
    named = os.environ.get("FIRSTSHIFT_ACTOR", "").strip()
    if named:
        return named
    try:
        return f"human:{getpass.getuser()}"
    except (KeyError, OSError):
        return "human:unknown"


def _new_key(path: Path) -> SigningKey:
    """The key of an interrupted `create` is used again: nothing was signed with it that anybody saw."""
    return load_signing_key(path) if path.exists() else create_signing_key(path)


def _begun_before(workspace: Workspace, key: SigningKey) -> str | None:
    """The id that an interrupted `create` had given, when it came that far; refuses a database that is in use."""
    if revision_of(workspace.database) is None:
        return None
    with workspace.database.reading() as connection:
        first = list(islice(workspace.ledger.events(connection, batch=2), 2))
    if not first:
        return None
    told = json.loads(first[0].body)
    if len(first) > 1 or told.get("public_key") != key.public_hex:
        raise Refused(
            "there is a workspace in this database already",
            where=workspace.database.shown_url,
            way_out="give every workspace a database of its own",
        )
    return str(told["workspace"])


def _key_of(folder: Path, settings: WorkspaceFile) -> SigningKey | None:
    path = folder / settings.private_key_file
    if not os.access(path, os.R_OK):  # not here, or not for this user: an auditor reads and verifies without it
        return None
    key = load_signing_key(path)
    if key.public_hex != settings.public_key:
        raise Tampered(
            "the private key is not the one this workspace was started with",
            where=path,
            expected=f"public half {settings.public_key[:12]}…",
            found=f"{key.public_hex[:12]}…",
            way_out="put the right key back from the backup",
        )
    return key


def _sqlite_file(folder: Path, settings: WorkspaceFile) -> Path:
    name = settings.database_url.partition(":///")[2]
    if not name:
        raise BadInput(where=folder / FILE_NAME, expected="sqlite:///file", found=settings.database_url)
    return folder / name

"""`firstshift.toml`: where the rows and the blobs of a workspace are, and which key signs its ledger."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstshift.core.errors import BadInput, NotFound
from firstshift.core.wholefile import write_whole

FILE_NAME = "firstshift.toml"
MAX_BYTES = 100_000
_FIELDS = {
    "workspace": {"id", "name", "format"},
    "database": {"url"},
    "blobs": {"url", "endpoint"},
    "ledger": {"public_key", "private_key_file"},
    "plan": {"file"},
}


@dataclass(frozen=True, slots=True)
class WorkspaceFile:
    id: str
    name: str
    database_url: str
    blobs_url: str
    public_key: str
    private_key_file: str = "keys/ledger.pem"
    blobs_endpoint: str | None = None
    plan_file: str = "plan.yaml"

    def to_toml(self) -> str:
        def quoted(text: str) -> str:
            return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML basic string

        endpoint = f"endpoint = {quoted(self.blobs_endpoint)}\n" if self.blobs_endpoint else ""
        return (
            "# A firstshift workspace. Passwords and access keys do not belong here: set\n"
            "# FIRSTSHIFT_DATABASE_PASSWORD, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.\n\n"
            f"[workspace]\nformat = 1\nid = {quoted(self.id)}\nname = {quoted(self.name)}\n\n"
            f"[database]\nurl = {quoted(self.database_url)}\n\n"
            f"[blobs]\nurl = {quoted(self.blobs_url)}\n{endpoint}\n"
            f"[ledger]\npublic_key = {quoted(self.public_key)}\n"
            f"private_key_file = {quoted(self.private_key_file)}\n\n"
            f"[plan]\nfile = {quoted(self.plan_file)}\n"
        )


def write_workspace_file(folder: Path, content: WorkspaceFile) -> None:
    """Whole or not at all."""
    write_whole(folder / FILE_NAME, content.to_toml().encode("utf-8"))


def read_workspace_file(folder: Path) -> WorkspaceFile:
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(
            "this is no workspace", where=path, way_out="`firstshift new FOLDER` makes one; `--workspace` points to one"
        ) from error
    except OSError as error:
        raise BadInput(where=path, expected="a readable file", found=error.strerror) from error
    if len(data) > MAX_BYTES:
        raise BadInput(where=path, expected=f"at most {MAX_BYTES} bytes", found="more")
    try:
        plain = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            where=path,
            expected="TOML",
            found=error,
            way_out="mend that line; a backup of the workspace holds the file as it was",
        ) from error
    _refuse_unknown(path, plain)
    return WorkspaceFile(
        id=_text(path, plain, "workspace", "id"),
        name=_text(path, plain, "workspace", "name"),
        database_url=_text(path, plain, "database", "url"),
        blobs_url=_text(path, plain, "blobs", "url"),
        public_key=_text(path, plain, "ledger", "public_key"),
        private_key_file=_text(path, plain, "ledger", "private_key_file"),
        blobs_endpoint=_text(path, plain, "blobs", "endpoint") if "endpoint" in plain.get("blobs", {}) else None,
        plan_file=_text(path, plain, "plan", "file") if "file" in plain.get("plan", {}) else "plan.yaml",
    )


def _refuse_unknown(path: Path, plain: dict[str, Any]) -> None:
    for section, values in plain.items():
        if section not in _FIELDS or not isinstance(values, dict):
            raise BadInput(where=f"{path}: [{section}]", expected=f"one of {', '.join(_FIELDS)}", found=section)
        if unknown := sorted(set(values) - _FIELDS[section]):
            known = ", ".join(sorted(_FIELDS[section]))
            raise BadInput(where=f"{path}: {section}.{unknown[0]}", expected=f"one of {known}", found=unknown[0])
    if plain.get("workspace", {}).get("format") != 1:
        raise BadInput(where=f"{path}: workspace.format", expected=1, found=plain.get("workspace", {}).get("format"))


def _text(path: Path, plain: dict[str, Any], section: str, name: str) -> str:
    value = plain.get(section, {}).get(name)
    if not isinstance(value, str) or not value:
        raise BadInput(where=f"{path}: {section}.{name}", expected="a text", found=repr(value))
    return value

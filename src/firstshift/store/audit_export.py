"""The ledger as JSON lines that verify offline: a header with the public key and the signed head, then every event.

`docs/audit.md` holds the fifty lines that check such a file without this package.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from firstshift.core.errors import BadInput
from firstshift.core.progress import Progress, Silent
from firstshift.store.audit import Anchor
from firstshift.store.workspace import Workspace

_MAX_HEADER_BYTES = 10_000


def export_events(ws: Workspace, progress: Progress | None = None) -> Iterator[str]:
    shown = progress or Silent()
    with ws.database.reading() as connection:
        head = ws.ledger.head(connection)
        shown.start("exporting events", head.seq)
        header = {
            "firstshift_audit": 1,
            "workspace": ws.settings.id,
            "public_key": ws.settings.public_key,
            "head": {"seq": head.seq, "hash": head.hash, "signature": head.signature},
        }
        yield json.dumps(header)
        for event in ws.ledger.events(connection):
            yield json.dumps(asdict(event), ensure_ascii=False)
            shown.advance()
        shown.finish()


def read_anchor(path: Path) -> Anchor:
    """The head of an earlier export, to hold today's chain against."""
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline(_MAX_HEADER_BYTES))
        head = header["head"]
        return Anchor(int(head["seq"]), str(head["hash"]), str(header["workspace"]))
    except OSError as error:
        raise BadInput(where=path, expected="a file of `firstshift audit export`", found=error.strerror) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(where=path, expected="a file of `firstshift audit export`", found="something else") from error

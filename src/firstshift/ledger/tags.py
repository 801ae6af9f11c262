"""Every kind of event there is, as `actor:subject:action`. `docs/audit.md` lists them; a test holds it to this enum."""

from __future__ import annotations

from enum import StrEnum


class Tag(StrEnum):
    LEDGER_STARTED = "system:ledger:started"
    LEDGER_CHECKPOINTED = "system:ledger:checkpointed"
    IMAGE_RECORDED = "station:image:recorded"
    IMAGE_IMPORTED = "human:image:imported"
    IMAGE_RETIRED = "system:image:retired"
    IMAGE_GOLDEN_SET = "human:image:golden_set"
    IMAGE_GOLDEN_WITHDRAWN = "human:image:golden_withdrawn"
    LABEL_RECORDED = "human:label:recorded"
    LABEL_IMPORTED = "human:label:imported"
    LABEL_GENERATED = "system:label:generated"
    FILE_KEPT = "system:file:kept"
    SNAPSHOT_CREATED = "human:snapshot:created"
    WORKSPACE_MOVED = "human:workspace:moved"
    WORKSPACE_RESTORED = "human:workspace:restored"

"""Retention takes every image of a workspace, and their bytes go at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from firstshift.spec.policy import Retention, RetentionRule
from firstshift.store.retaining import apply_retention
from firstshift.store.workspace import Workspace


def retire_all(ws: Workspace, origin: Literal["rendered", "augmented"] = "rendered", of: int = 0) -> None:
    rules = Retention(rules=(RetentionRule(origin=origin, keep_days=1),))
    report = apply_retention(ws, rules, datetime.now(UTC) + timedelta(days=2))
    assert report.images_going == (of or ws.images.count())
    for facts in list(ws.blobs.buried()):
        ws.blobs.purge(facts.content)  # as `gc` does after its grace period

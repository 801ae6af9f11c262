"""A copy counts once it is verified like any workspace: the chain, every row, every blob."""

from __future__ import annotations

from firstshift.core.errors import Tampered
from firstshift.core.progress import Progress
from firstshift.store.audit import Verification, verify_workspace
from firstshift.store.copying import copy_needed_blobs
from firstshift.store.workspace import Workspace


def verified_copy(
    source: Workspace,
    target: Workspace,
    *,
    copies_blobs: bool,
    quick: bool = False,
    accept_problems: bool = False,
    progress: Progress | None = None,
) -> Verification:
    """Verify `target`. Blobs that went missing there since an earlier run are brought again before anyone is told."""
    result = verify_workspace(target, progress, quick=quick)
    if not result.is_intact and copies_blobs:
        copy_needed_blobs(source, target.blobs, progress)
        result = verify_workspace(target, progress, quick=quick)
    problem = result.first_problem
    if problem is not None and not accept_problems:
        raise Tampered(
            f"the copy does not verify ({len(result.problems)} problem(s))",
            where=target.database.shown_url,
            found=str(problem),
            way_out="`firstshift audit verify` says whether the original has the same; nothing was changed there",
        )
    return result

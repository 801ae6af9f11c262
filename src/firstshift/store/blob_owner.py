"""Whose a place for blobs is: it holds one small file, `workspace`, with the id of the only workspace that may use it.

Two workspaces in one place would collect each other's blobs as garbage. And a folder without the file is none of ours:
most often the disk that should be there is not mounted.
"""

from __future__ import annotations

from contextlib import suppress

from firstshift.core.errors import Refused, Unavailable
from firstshift.store.blobs import Blobs, LocalBlobs, blobs_folder_around

_BACKUP = "backup of "
_OWN_PLACE = "give every workspace a folder, a bucket or a prefix of its own"


def backup_of(workspace: str) -> str:
    """A backup's blobs are not the workspace's own: its garbage collection must not reach them."""
    return _BACKUP + workspace


def refuse_taken(blobs: Blobs, owner: str) -> None:
    """Only looks. Free is a place that holds nothing, and one that this owner began to use before."""
    there = blobs.owner()
    if there is not None and there != owner:
        raise Refused(
            "the place for the blobs is in use already",
            where=blobs.shown_url,
            found=f"the blobs of {there}",
            way_out=_OWN_PLACE,
        )
    if isinstance(blobs, LocalBlobs) and (around := blobs_folder_around(blobs.root.parent)) is not None:
        raise Refused("this is inside another place for blobs", where=blobs.root, found=around, way_out=_OWN_PLACE)
    found = blobs.first_file() if there is None else next(blobs.strangers(), None)
    if found is not None:
        raise Refused(
            "the place for the blobs is in use already",
            where=blobs.shown_url,
            found=f"a file {found}",
            way_out=_OWN_PLACE,
        )


def claim(blobs: Blobs, owner: str) -> None:
    """Before the first blob is put there."""
    refuse_taken(blobs, owner)
    blobs.set_owner(owner)


def require_own(blobs: Blobs, workspace: str) -> None:
    """A local place only: an object store that is not there says so itself, and a look costs a round trip."""
    if not isinstance(blobs, LocalBlobs):
        return
    owner = blobs.owner()
    if owner in (workspace, backup_of(workspace)):
        with suppress(Unavailable):  # where nothing can be written it can still be read
            blobs.set_owner(owner)  # a copy tool may have left out the folders that were empty
        return
    if owner is not None:
        raise Refused(
            "these are the blobs of another workspace",
            where=blobs.root,
            expected=workspace,
            found=owner,
            way_out="look at [blobs] in firstshift.toml",
        )
    raise Unavailable(
        "the workspace's blobs are not here",
        where=blobs.root,
        found="a folder that is not ours" if blobs.root.is_dir() else "no such folder",
        way_out="is it mounted? If it is lost, `firstshift workspace restore` brings everything back from a backup",
    )

"""Painted images into the workspace: with whose labels, made by which renderer, and in the place of which retired ones.

An image that retention took away does not come back to life: its retirement stays in the ledger. What is rendered again
is a new image with an event of its own, and its provenance names the old one under `again_of`. So it needs no exception
anywhere: it is verified, searched, exported, and one day retired like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from firstshift.core.errors import Refused, Unavailable
from firstshift.core.label import Level
from firstshift.line.synth.fingerprint import renderer, what_changed
from firstshift.line.synth.report import SynthReport
from firstshift.line.synth.standing import Standing
from firstshift.store.images import NewImage
from firstshift.store.labels import NewLabel
from firstshift.store.workspace import Workspace

AUTHOR = "service:synth"
FOLDER = "synth"
TURN_S = 1.0
"""How long a second process waits for the first one with the same run."""


def check_may_begin(ws: Workspace, run: str, beside: str, changed: str, anew: bool) -> None:
    """A run that another renderer began is gone on with by a run of its own, once a person asked for it."""
    if not anew and not (ws.folder / FOLDER / f"{beside}.json").exists():
        raise Refused(
            f"run {run} was begun by another renderer ({changed}), and two renderers are not mixed in one run",
            where="synth",
            way_out="--anew begins a run of its own beside it; the release that began it can go on with it",
        )


def record(ws: Workspace, images: Sequence[NewImage], report: SynthReport, standing: Standing, again: bool) -> None:
    """What is there already is left out, and what was retired, unless it is to come again."""
    wanted = []
    for one in images:
        _check_painter(one)
        exposed = (one.capture.shot or "", one.capture.channel or "")
        gone = standing.retired.get(exposed)
        if exposed in standing.live or (gone is not None and not again):
            continue
        if gone is not None:
            told = one.capture.provenance | {"again_of": gone}
            one = replace(one, capture=replace(one.capture, provenance=told))
            report.retired -= 1
        wanted.append(replace(one, label=_by_synth(one.label)))
    for found, one in zip(ws.images.add_many(wanted), wanted, strict=True):
        report.images += found.is_new
        report.known += not found.is_new
        if one.label is not None:
            for annotation in one.label.label.annotations:
                report.seen[str(annotation.attributes.get("visibility", "visible"))] += 1


def _check_painter(image: NewImage) -> None:
    """Over a cluster another machine may have another release."""
    changed = what_changed(image.capture.provenance.get("renderer"), renderer())
    if changed:
        raise Unavailable(
            f"a worker renders otherwise than this machine ({changed})",
            where="synth",
            way_out="install the same release and the same libraries on all machines; nothing of it was recorded",
        )


def check_made_from(images: Sequence[NewImage], plan: str, profile: str | None) -> None:
    """Each worker reads the plan's files itself: what changed meanwhile, or differs on another machine, must not be
    recorded as made from what lies here."""
    for one in images:
        for name, mine in (("plan", plan), ("profile", profile)):
            theirs = one.capture.provenance.get(name)
            if theirs != mine:
                raise Unavailable(
                    f"a worker paints from another {name} than this machine began with",
                    where="synth",
                    expected=mine,
                    found=theirs,
                    way_out="a file that the plan names changed meanwhile, or differs on another machine; nothing "
                    "of it was recorded, and the same command starts anew from what is there now",
                )


def _by_synth(label: NewLabel | None) -> NewLabel | None:
    return None if label is None else replace(label, author=AUTHOR, level=Level.SYNTHETIC)

"""A rendered image explained: itself, its mask, what was drawn for it, and the same image rendered again."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firstshift.core.encode import encode_png
from firstshift.core.errors import BadInput, NotFound, Unavailable
from firstshift.core.hashing import content_hash
from firstshift.core.image import Image
from firstshift.core.label import Label
from firstshift.core.outline import mask_of
from firstshift.line.labelled_picture import draw_label
from firstshift.line.synth.fingerprint import what_changed
from firstshift.line.synth.keeping import Asked, order_again
from firstshift.line.synth.onto_painting import PaintedOnto
from firstshift.line.synth.onto_recipe import MADE_BY_ONTO
from firstshift.line.synth.onto_showing import painted_again
from firstshift.line.synth.painting import Painted, Painter, check_made_here
from firstshift.line.synth.panels import side_by_side
from firstshift.line.synth.recipe import Recipe
from firstshift.line.synth.settings import SynthSettings
from firstshift.line.synth.sheet import encoded, shown_pixels
from firstshift.line.synth.stage import Stage
from firstshift.render.devices import require_device
from firstshift.store.images import ImageRecord
from firstshift.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Look:
    image: str
    source: str
    label: Label | None
    provenance: dict[str, Any]
    is_same: bool
    """Whether the image rendered again has the same bytes; they have the hash that was recorded."""
    differing: int | None
    """Pixels that differ; None where the old pixels are gone and so nobody can tell."""
    picture: bytes
    device: str = "cpu"
    """What it was rendered again on."""
    made_on: str = "cpu"
    is_retired: bool = False
    """Retention gave the old pixels up."""
    renderer_changed: str = ""
    """What is not as it was when the image was made: code, libraries."""
    plan_kept_because: str = ""
    """Why the plan that was kept with the run was used, and not the one on the disk."""

    def to_json(self) -> dict[str, Any]:
        return {
            "image": self.image,
            "source": self.source,
            "label": self.label.to_json() if self.label else None,
            "provenance": self.provenance,
            "retired": self.is_retired,
            "plan_kept_because": self.plan_kept_because,
            "rendered_again": {
                "same": self.is_same,
                "differing_pixels": self.differing,
                "device": self.device,
                "renderer_changed": self.renderer_changed,
            },
        }


def look_at(
    ws: Workspace,
    image: str,
    plan_file: Path,
    profile: Path | None = None,
    defect_files: tuple[Path, ...] = (),
    suffix: str | None = None,
) -> Look:
    """Rendered again from the plan on the disk, or, where that is no longer what the image was made from, from the one
    that was kept with its run."""
    record = ws.images.get(image)
    told = record.capture.provenance
    made_on = str(told.get("device", "cpu"))
    device = _device_for(made_on)
    with tempfile.TemporaryDirectory(prefix="firstshift-kept-") as place:
        asked = Asked(plan_file, profile, defect_files)
        painted, because = _again(ws, record, asked, device, Path(place))
    bytes_now = encode_png(painted.image)
    then = _kept(ws, record)
    differing = None if then is None else _differing(then, painted.image)
    label = ws.labels.current([record.id]).get(record.id)
    said = label.label if label is not None else None
    return Look(
        image=record.id,
        source=record.capture.source or "",
        label=said,
        provenance=told,
        is_same=content_hash(bytes_now) == record.content,
        differing=differing,
        picture=_picture(then, said, painted, suffix) if suffix is not None else b"",
        device=device,
        made_on=made_on,
        is_retired=bool(ws.images.retired_among([record.id])),
        renderer_changed=what_changed(told.get("renderer")),
        plan_kept_because=because,
    )


def _again(
    ws: Workspace, record: ImageRecord, asked: Asked, device: str, place: Path
) -> tuple[Painted | PaintedOnto, str]:
    told = record.capture.provenance
    if told.get("made_by") == MADE_BY_ONTO:
        order, because = order_again(ws, told, SynthSettings(), asked, place)
        return painted_again(ws, order, told), because
    recipe = Recipe.from_json(told)
    order, because = order_again(ws, told, SynthSettings(**told["settings"], device=device), asked, place)
    stage = Stage(order)
    check_made_here(told, stage)
    return _channel(Painter(stage).paint(recipe), record.capture.channel), because


def _kept(ws: Workspace, record: ImageRecord) -> Image | None:
    """The pixels as they were recorded; None where retention took them away."""
    try:
        return ws.images.read(record)
    except NotFound:
        if ws.images.retired_among([record.id]):
            return None
        raise


def _differing(then: Image, now: Image) -> int:
    if then.pixels.shape != now.pixels.shape:
        return then.width * then.height
    return int((then.pixels != now.pixels).any(axis=2).sum())


def _device_for(made_on: str) -> str:
    """The device that an image was made on, or the processor where this machine has none such."""
    try:
        require_device(made_on)
    except (BadInput, Unavailable):
        return "cpu"
    return made_on


def _channel(painted: list[Painted], name: str | None) -> Painted:
    for one in painted:
        if one.channel == name:
            return one
    raise BadInput(where="channel", expected=", ".join(one.channel for one in painted), found=name)


def _picture(then: Image | None, label: Label | None, painted: Painted | PaintedOnto, suffix: str) -> bytes:
    """Side by side: as recorded (or nothing, where the pixels are gone), its label, its mask, rendered again."""
    seen = painted.image if then is None else then
    mask = np.zeros((seen.height, seen.width), dtype=bool)
    for annotation in label.annotations if label else ():
        if annotation.shape is not None:
            mask |= mask_of(annotation.shape, seen.width, seen.height).pixels
    panels = [
        ("retired", np.full((seen.height, seen.width, 3), 232, np.uint8))
        if then is None
        else ("recorded", shown_pixels(then)),
        ("label", draw_label(seen, label).pixels),
        ("mask", np.repeat(mask[:, :, None].astype(np.uint8) * 255, 3, axis=2)),
        ("rendered again", shown_pixels(painted.image)),
    ]
    return encoded(side_by_side(panels), suffix)

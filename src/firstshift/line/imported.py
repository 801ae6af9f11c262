"""What another tool says about an image, as a capture, and the same back again when the image is exported.

What a `Capture` has a field for goes there. The rest is kept under `provenance["imported"]`, so that an export can put
it back: `format`, `split`, `classes` (the format's own order, which numbers depend on) and `extra`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from firstshift.core.capture import Capture, Origin, parse_time
from firstshift.core.errors import BadInput
from firstshift.core.hashing import canonical_json
from firstshift.formats.record import Losses, Record
from firstshift.store.images import ImageRecord

KEY = "imported"
MAX_CLASSES_CHARACTERS = 1_000
"""A longer list of classes is not repeated with every image; its order is listed as lost."""
_NOT_FROM_RECORDS = ("source", "provenance")
FIELDS = tuple(f.name for f in fields(Capture) if f.name not in _NOT_FROM_RECORDS)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the person who imports knows about all images and the data set does not say."""

    format: str
    classes: tuple[str, ...] = ()
    split: str | None = None
    """Replaces what the data set says."""
    station: str | None = None
    lot: str | None = None
    origin: Origin = Origin.REAL


@dataclass(frozen=True, slots=True)
class Imported:
    """What came with an image that a capture has no field for."""

    format: str = ""
    split: str | None = None
    classes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"format": self.format}
        if self.split is not None:
            plain["split"] = self.split
        if self.classes:
            plain["classes"] = list(self.classes)
        if self.extra:
            plain["extra"] = dict(self.extra)
        return plain


def capture_of(record: Record, setting: Setting, losses: Losses) -> Capture:
    """`losses` gets what is kept as written but not understood: a time without a zone, a confidence of 'high'."""
    known: dict[str, Any] = {"station": setting.station, "lot": setting.lot, "origin": setting.origin}
    extra: dict[str, Any] = {}
    for name, value in record.capture.items():
        meant = _understood(name, value)
        if meant is not None:
            known[name] = meant
        elif name in FIELDS:
            losses.add(f"{name} kept as it was written, not understood", record.source)
        if meant is None or not _comes_back(name, meant, value):
            extra[name] = value
    imported = Imported(
        format=setting.format,
        split=setting.split if setting.split is not None else record.split,
        classes=setting.classes if classes_fit(setting.classes) else (),
        extra=extra,
    )
    try:
        return Capture(**known, source=record.source, provenance={KEY: imported.to_json()})
    except BadInput as error:
        where = f"{record.source}: {error.where}"
        raise BadInput(error.what, where=where, expected=error.expected, found=error.found) from error


def imported_of(capture: Capture) -> Imported:
    plain = capture.provenance.get(KEY)
    if not isinstance(plain, dict):
        return Imported()
    return Imported(
        format=str(plain.get("format", "")),
        split=plain.get("split"),
        classes=tuple(plain.get("classes", ())),
        extra=plain.get("extra", {}),
    )


def told_of(image: ImageRecord) -> dict[str, Any]:
    """The capture as a format writes it: the fields that are known, with what came at import as it came."""
    plain = image.capture.to_json()
    if image.capture.origin is Origin.REAL:
        plain.pop("origin")
    made = {k: v for k, v in plain.pop("provenance", {}).items() if k != KEY}
    plain.pop("source", None)
    if made:
        plain["provenance"] = made
    return {**plain, **imported_of(image.capture).extra}


SET_BY_HAND = ("station", "lot", "origin")
"""What whoever imports says about all images at once: forgetting it the second time makes no second image."""


def identity(content: str, capture: Capture) -> str:
    """Equal for the same image of the same data set, also when the data set meanwhile has other splits or classes."""
    made = {k: v for k, v in capture.provenance.items() if k != KEY}
    told = replace(capture, provenance=made).to_json()
    return canonical_json({"content": content, **{k: v for k, v in told.items() if k not in SET_BY_HAND}})


def classes_fit(classes: tuple[str, ...]) -> bool:
    return sum(map(len, classes)) <= MAX_CLASSES_CHARACTERS


def _understood(name: str, value: Any) -> Any:
    """The value as the capture's field wants it; None when there is no such field or it cannot be meant."""
    if name not in FIELDS or value is None or value == "" or isinstance(value, dict | list | bool):
        return None
    try:
        match name:
            case "captured_at":
                time = parse_time(str(value).strip())
                return None if time.tzinfo is None else time
            case "confidence":
                return float(value) if 0 <= float(value) <= 1 else None
            case "origin":
                return Origin(value)
            case _:
                return str(value)
    except (BadInput, ValueError):
        return None


def _comes_back(name: str, meant: Any, value: Any) -> bool:
    written = Capture(**{name: meant}).to_json().get(name) if name in ("captured_at", "confidence") else meant
    return type(written) is type(value) and bool(written == value) if name != "origin" else meant != Origin.REAL

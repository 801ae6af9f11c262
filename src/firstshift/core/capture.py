"""How an image came to be: when, where, of which part, under which light, and what a model said (A1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from numbers import Real
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.hashing import canonical_json

MAX_TEXT = 1_000
MAX_PROVENANCE_BYTES = 64_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Origin(StrEnum):
    REAL = "real"
    RENDERED = "rendered"
    GENERATED = "generated"
    AUGMENTED = "augmented"


class Route(StrEnum):
    """What was done with the part (D2, D4): the words of the plan, the station, the page and the database."""

    PASS = "pass"  # noqa: S105 – no password
    REVIEW = "review"
    REJECT = "reject"
    UNKNOWN = "unknown"
    """Like nothing the model was trained on: a person must look, it is never passed."""


@dataclass(frozen=True, slots=True)
class Capture:
    """Everything known at the moment of recording. What is not known stays None; nothing is guessed."""

    captured_at: datetime | None = None
    serial: str | None = None
    lot: str | None = None
    station: str | None = None
    camera: str | None = None
    recipe: str | None = None
    """The lighting recipe's name."""
    channel: str | None = None
    """The light channel, when one file holds one of several exposures."""
    shot: str | None = None
    """Ties the channels of one exposure together."""
    origin: Origin = Origin.REAL
    source: str | None = None
    """Where an imported image came from: its path inside the imported set."""
    model_version: str | None = None
    prediction: str | None = None
    confidence: float | None = None
    route: str | None = None
    """One of `Route`."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """For what was made rather than photographed: seed, parents, parameters, code version. JSON values only."""

    def __post_init__(self) -> None:
        for name in TEXT_FIELDS:
            text = getattr(self, name)
            if text is not None and (
                not isinstance(text, str) or not text or len(text) > MAX_TEXT or _CONTROL.search(text)
            ):
                raise BadInput(
                    where=f"capture.{name}", expected=f"1–{MAX_TEXT} printable characters", found=repr(text)[:80]
                )
        if self.captured_at is not None and not isinstance(self.captured_at, datetime):
            raise BadInput(where="capture.captured_at", expected="a datetime", found=repr(self.captured_at)[:80])
        if self.captured_at is not None and self.captured_at.tzinfo is None:
            raise BadInput(
                where="capture.captured_at",
                expected="a time with its time zone",
                found=self.captured_at.isoformat(),
                way_out="append Z for UTC or an offset such as +02:00",
            )
        if self.route is not None and self.route not in set(Route):
            raise BadInput(where="capture.route", expected=", ".join(Route), found=self.route)
        if self.captured_at is not None:
            to_us(self.captured_at)
        # As the database gives them back: a row must hash the same when it is read as when it was written.
        object.__setattr__(self, "confidence", _checked_confidence(self.confidence))
        object.__setattr__(self, "origin", _checked_origin(self.origin))
        try:
            size = len(canonical_json(self.provenance))
        except (ValueError, TypeError) as error:
            raise BadInput(where="capture.provenance", expected="JSON values only", found=error) from error
        if size > MAX_PROVENANCE_BYTES:
            raise BadInput(
                where="capture.provenance", expected=f"at most {MAX_PROVENANCE_BYTES} characters of JSON", found=size
            )

    @property
    def captured_at_us(self) -> int | None:
        return None if self.captured_at is None else to_us(self.captured_at)

    @property
    def parents(self) -> tuple[str, ...]:
        """The images that this one was made from."""
        told = self.provenance.get("parents")
        return tuple(filter(lambda one: isinstance(one, str), told)) if isinstance(told, list) else ()

    def to_json(self) -> dict[str, Any]:
        """Only what is known, so that a field added later does not change the id of an image recorded before."""
        plain: dict[str, Any] = {}
        for name in (*TEXT_FIELDS, "confidence"):
            if getattr(self, name) is not None:
                plain[name] = getattr(self, name)
        if self.captured_at is not None:
            plain["captured_at"] = self.captured_at.astimezone(UTC).isoformat()
        plain["origin"] = self.origin.value
        if self.provenance:
            plain["provenance"] = self.provenance
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Capture:
        """Refuses names it does not know, so that a misspelt column is not lost in silence."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(plain) - known):
            raise BadInput(where="capture", expected=f"fields among {', '.join(sorted(known))}", found=unknown[0])
        values = dict(plain)
        if isinstance(values.get("captured_at"), str):
            values["captured_at"] = parse_time(values["captured_at"])
        return cls(**values)


def _checked_confidence(confidence: object) -> float | None:
    if confidence is None:
        return None
    if isinstance(confidence, bool) or not isinstance(confidence, Real) or not 0 <= float(confidence) <= 1:
        raise BadInput(where="capture.confidence", expected="a number from 0 to 1", found=repr(confidence)[:80])
    return float(confidence)


def _checked_origin(origin: str) -> Origin:
    try:
        return Origin(origin)
    except ValueError as error:
        raise BadInput(where="capture.origin", expected=", ".join(Origin), found=origin) from error


TEXT_FIELDS = (
    "serial",
    "lot",
    "station",
    "camera",
    "recipe",
    "channel",
    "shot",
    "source",
    "model_version",
    "prediction",
    "route",
)


def parse_time(text: str) -> datetime:
    """ISO 8601 with a zone; a bare date is midnight UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(where="time", expected="ISO 8601, for example 2026-11-20T08:30:00Z", found=repr(text)) from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None and len(text) <= len("2026-11-20") else time


def to_us(time: datetime) -> int:
    """Microseconds since 1970: one number, the same in every database."""
    try:
        delta = time.astimezone(UTC) - _EPOCH
    except OverflowError as error:  # the year 1 east of Greenwich, the year 9999 west of it
        raise BadInput(where="time", expected="a year from 1 to 9999 in UTC", found=time.isoformat()) from error
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_us(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

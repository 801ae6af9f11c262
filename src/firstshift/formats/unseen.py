"""What an image does not show (`visibility: not visible`) is never written where a tool looks for things to learn.

Formats with a place that other tools pass over keep it there and read it back; the others leave it out. Marks that
mean "pass over this" are not used for it: not every program heeds them (detectron2 trains on `difficult` objects of
Pascal VOC, converters drop `iscrowd`). An image on which nothing else is marked is no good part either: it is written
as unsure where other tools can see that, and left out where they would take it for a good one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.core.label import NOT_VISIBLE, Annotation, Label, Verdict
from firstshift.formats.documents import whole
from firstshift.formats.fitting import Fitted
from firstshift.formats.record import Record

UNSEEN = "not_visible"
"""The key or element it stands in."""
SET_ASIDE = "marks that are not visible: set aside where other tools pass over them, read back by firstshift"
LEFT_OUT = "marks that are not visible: left out"
ALONE = "images with nothing but marks that are not visible: left out, neither defect nor good"
ALONE_UNSURE = "images with nothing but marks that are not visible: written as unsure, neither defect nor good"


def without_false_positives(record: Record, keeps_unseen: bool, says_unsure: bool) -> Fitted:
    """The record with nothing that is not visible, unless the format sets it aside; each such mark is counted."""
    label = record.label
    unseen = [a for a in label.annotations if not a.is_visible] if label is not None else []
    if label is None or not unseen:
        return Fitted(record, ())
    alone = label.verdict is not Verdict.GOOD and len(unseen) == len(label.annotations)
    if alone and not says_unsure:
        return Fitted(None, (ALONE,))
    losses = (SET_ASIDE if keeps_unseen else LEFT_OUT,) * len(unseen)
    kept = label.annotations if keeps_unseen else visible_in(label)
    verdict = Verdict.UNSURE if alone else label.verdict
    return Fitted(replace(record, label=Label(verdict, kept)), (*losses, *((ALONE_UNSURE,) if alone else ())))


def visible_in(label: Label | None) -> tuple[Annotation, ...]:
    return tuple(a for a in label.annotations if a.is_visible) if label is not None else ()


def unseen_to_json(label: Label | None) -> list[dict[str, Any]]:
    """What is not visible, each with its place among all annotations (`at`)."""
    numbered = enumerate(label.annotations if label is not None else ())
    return [{"at": at, **annotation.to_json()} for at, annotation in numbered if not annotation.is_visible]


def with_unseen(annotations: Iterable[Annotation], plain: object, where: str) -> list[Annotation]:
    """The annotations as they were before `unseen_to_json` took its part of them."""
    result = list(annotations)
    if plain is None:
        return result
    if not isinstance(plain, list) or not all(isinstance(each, dict) for each in plain):
        raise BadInput(where=f"{where}: {UNSEEN}", expected="a list of objects", found=type(plain).__name__)
    for each in plain:
        result.insert(max(0, whole(each.get("at"), f"{where}: {UNSEEN}.at")), _annotation(each, f"{where}: {UNSEEN}"))
    return result


def surely_unseen(annotation: Annotation) -> Annotation:
    """What stands in the place for it is not visible, also when somebody took its attributes away."""
    if not annotation.is_visible:
        return annotation
    return replace(annotation, attributes={**annotation.attributes, "visibility": NOT_VISIBLE})


def _annotation(plain: dict[str, Any], where: str) -> Annotation:
    severity, text, attributes = plain.get("severity"), plain.get("text"), plain.get("attributes", {})
    if not isinstance(attributes, dict) or not isinstance(text, str | None) or not isinstance(plain.get("class"), str):
        raise BadInput(where=where, expected="a class, a text and an object of attributes", found=sorted(plain))
    told = {**plain, "severity": None if severity is None else whole(severity, f"{where}: severity")}
    try:
        return surely_unseen(Annotation.from_json(told))
    except BadInput as error:
        raise BadInput(where=f"{where}: {error.where}", expected=error.expected, found=error.found) from error
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise BadInput(
            where=where, expected="an annotation as firstshift writes it", found=type(error).__name__
        ) from error

"""The options that say which images are meant, the same for every command that takes some of them.

@command(app, "export", …)
@with_filters
def export(target: Path, picked: Filters, as_json: AsJson = False) -> None:
    query = picked.query()
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from firstshift.cli.words import checked_origin, parsed_time

if TYPE_CHECKING:
    from firstshift.store.search import Query

PANEL = "Which images"


def _text(*names: str, help_text: str, metavar: str | None = None) -> Any:
    return Annotated[str | None, typer.Option(*names, help=help_text, metavar=metavar, rich_help_panel=PANEL)]


def _either(names: str, help_text: str) -> Any:
    return Annotated[bool | None, typer.Option(names, help=help_text, rich_help_panel=PANEL)]


def _share(help_text: str) -> Any:
    return Annotated[float | None, typer.Option(min=0, max=1, help=help_text, rich_help_panel=PANEL)]


_OPTIONS: dict[str, Any] = {
    "serial": _text(help_text="Serial number of the part."),
    "lot": _text(help_text="Lot."),
    "station": _text(help_text="Station."),
    "camera": _text(help_text="Camera."),
    "origin": _text(help_text="real, rendered, generated or augmented."),
    "source": _text(help_text="Path inside the imported set."),
    "shot": _text(help_text="The exposure that several channels share."),
    "class_name": _text("--class", help_text="A class in the newest label."),
    "verdict": _text(help_text="good, defect or unsure, in the newest label."),
    "labelled": _either("--labelled/--unlabelled", "Has a label, or not."),
    "golden": _either("--golden/--not-golden", "In the golden set, or not."),
    "prediction": _text(help_text="What the model said."),
    "model_version": _text(help_text="Which model said it."),
    "route": _text(help_text="pass, review, reject or unknown."),
    "min_confidence": _share("At least this sure."),
    "max_confidence": _share("At most this sure."),
    "since": _text(metavar="TIME", help_text="Taken then or later: 2026-11-20, or with time and zone."),
    "until": _text(metavar="TIME", help_text="Taken before then."),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for on the command line; nothing asked for means every image."""

    asked: dict[str, Any]

    def query(self, **more: Any) -> Query:
        from firstshift.store.search import Query

        return Query(**self._meant(), **more)

    def selection(self) -> Query | None:
        """None for every image, as `line` wants it."""
        return self.query() if any(value is not None for value in self.asked.values()) else None

    def _meant(self) -> dict[str, Any]:
        return self.asked | {
            "origin": checked_origin(self.asked["origin"]),
            "since": parsed_time(self.asked["since"]),
            "until": parsed_time(self.asked["until"]),
        }


def with_filters(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filter options instead of its parameter `picked`."""
    hints = get_type_hints(function, include_extras=True)
    parameters: list[inspect.Parameter] = []
    for own in inspect.signature(function).parameters.values():
        if own.name == "picked":
            parameters += [_keyword(name, kind, None) for name, kind in _OPTIONS.items()]
        else:
            parameters.append(_keyword(own.name, hints[own.name], own.default))

    @functools.wraps(function)
    def called(**values: Any) -> None:
        asked = {name: values.pop(name) for name in _OPTIONS}
        function(picked=Filters(asked), **values)

    # What typer reads: the options as if they had been written out.
    del called.__wrapped__
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return called


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)

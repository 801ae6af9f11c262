"""The one error hierarchy: where, what was expected, what was found, and the way out.

Every message a user reads is built here, so that the command line, the server and a log file say it alike:

    plan.yaml: defects[2].depth_um: expected a range inside 0–500, found [0.2, 1200]; deeper is a 'missing_feature'
"""

from __future__ import annotations

from typing import Any


class FirstshiftError(Exception):
    """Something a person can mend. `str(error)` is always one line."""

    def __init__(
        self,
        what: str = "",
        *,
        where: object = "",
        expected: object = "",
        found: object = "",
        way_out: str = "",
    ) -> None:
        self.what = one_line(what)
        self.where = one_line(where)
        self.expected = one_line(expected)
        self.found = one_line(found)
        self.way_out = one_line(way_out)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        facts = [self.what] if self.what else []
        if self.expected:
            facts.append(f"expected {self.expected}")
        if self.found:
            facts.append(f"found {self.found}")
        text = ", ".join(facts)
        if self.where:
            text = f"{self.where}: {text}"
        return f"{text}; {self.way_out}" if self.way_out else text

    def as_dict(self) -> dict[str, Any]:
        """The one JSON shape of an error, for `--json` and for the server."""
        fields = {
            "error": type(self).__name__,
            "message": self.message,
            "where": self.where,
            "what": self.what,
            "expected": self.expected,
            "found": self.found,
            "way_out": self.way_out,
        }
        return {key: value for key, value in fields.items() if value}

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders (workers); keyword-only arguments need help to do so.
        return (_rebuild, (type(self), self.what, self.where, self.expected, self.found, self.way_out))


class BadInput(FirstshiftError):
    """A file, a plan or an argument is not what it should be. Nothing was changed."""


class Refused(FirstshiftError):
    """The request is understood and against a rule: golden images in training, an update of a recorded event."""


class NotFound(FirstshiftError):
    """A name or an id that leads nowhere."""


class Unavailable(FirstshiftError):
    """The disk, the database or the object store did not answer; trying again may help."""


class Tampered(FirstshiftError):
    """Evidence does not verify: an event, a row or a blob is not what was recorded."""


def one_line(value: object, limit: int = 400) -> str:
    text = " ".join(str(value).split())
    text = "".join(c if c.isprintable() else "�" for c in text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _rebuild(
    kind: type[FirstshiftError], what: str, where: str, expected: str, found: str, way_out: str
) -> FirstshiftError:
    return kind(what, where=where, expected=expected, found=found, way_out=way_out)

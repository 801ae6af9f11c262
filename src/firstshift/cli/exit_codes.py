"""What the number that a command ends with means, and which error gives which."""

from __future__ import annotations

from enum import IntEnum

from firstshift.core.errors import BadInput, FirstshiftError, NotFound, Refused, Tampered, Unavailable
from firstshift.core.progress import Cancelled


class ExitCode(IntEnum):
    DONE = 0
    """Done, and nothing to remark."""
    FOUND = 1
    """Done, and something was found: a plan with errors, a problem in an import, two snapshots that differ."""
    BAD_INPUT = 2
    """A file, a plan or an argument is not what it should be; nothing was changed."""
    REFUSED = 3
    """Against a rule, such as golden images in training."""
    NOT_FOUND = 4
    """A name, an id or a workspace that leads nowhere."""
    UNAVAILABLE = 5
    """The disk, the database or the object store did not answer; trying again may help."""
    TAMPERED = 6
    """Evidence does not verify."""
    BUG = 70
    """A fault in firstshift itself; the message says where the details are."""
    CANCELLED = 130
    """Stopped with Ctrl-C, SIGTERM or by closing the terminal; what is finished is kept."""
    NOBODY_READS = 141
    """Whoever read the output went away, as `head` does; nothing is said about it."""


_CODES: dict[type[FirstshiftError], ExitCode] = {
    BadInput: ExitCode.BAD_INPUT,
    Refused: ExitCode.REFUSED,
    NotFound: ExitCode.NOT_FOUND,
    Unavailable: ExitCode.UNAVAILABLE,
    Tampered: ExitCode.TAMPERED,
    Cancelled: ExitCode.CANCELLED,
}


def code_of(error: FirstshiftError) -> ExitCode:
    """By the nearest kind of error that has a code: a `PlanError` is a `BadInput`."""
    return next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), ExitCode.BAD_INPUT)

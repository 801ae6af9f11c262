"""Serial numbers as a template a person can read: `BR-######-{A|B}`.

A template is not a regular expression on purpose: it is easier to write, and no serial read from a part can make
matching slow (the expression built here has no repetition, so it never looks back).
"""

from __future__ import annotations

import re

from pydantic import Field, model_validator

from firstshift.spec.declared import Declared, reject

_SIGNS = {"#": "[0-9]", "@": "[A-Z]", "*": "[A-Z0-9]"}
_CHOICE = re.compile(r"\{([^{}]*)\}")


class SerialFormat(Declared):
    """What a serial number of this part looks like."""

    template: str = Field(
        min_length=1,
        max_length=100,
        description="One character each: # a digit, @ a capital letter, * either; {A|B} one of several of equal "
        "length; anything else stands for itself. A backslash takes the meaning away: \\#.",
    )
    example: str = Field(max_length=200, description="A serial that fits the template; checked when the plan is read.")

    @model_validator(mode="after")
    def _example_fits(self) -> SerialFormat:
        if not self.matches(self.example):
            reject(f"a serial like {self.template}", self.example, "correct the template or the example", ("example",))
        return self

    def matches(self, serial: str) -> bool:
        return len(serial) <= 200 and re.fullmatch(_expression(self.template), serial) is not None


def _expression(template: str) -> str:
    pieces, position = [], 0
    while position < len(template):
        sign = template[position]
        choice = _CHOICE.match(template, position)
        if sign == "\\" and position + 1 < len(template):
            pieces.append(re.escape(template[position + 1]))
            position += 2
        elif choice:
            pieces.append(_one_of(choice[1].split("|")))
            position = choice.end()
        elif sign in "{}":
            reject("braces in pairs, as in {A|B}", template, "write \\{ for a brace itself", ("template",))
        else:
            pieces.append(_SIGNS.get(sign) or re.escape(sign))
            position += 1
    return "".join(pieces)


def _one_of(words: list[str]) -> str:
    # Equal lengths keep the expression free of ambiguity: matching stays linear in the serial's length.
    if len({len(word) for word in words}) != 1 or not words[0]:
        reject("alternatives of equal length, as in {A|B}", "|".join(words), "", ("template",))
    return "(?:" + "|".join(re.escape(word) for word in words) + ")"

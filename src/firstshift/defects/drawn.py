"""What a drawn type is: a model of the plan and the way from one entry of it to an imprint, together in one file.

The registry is a value like the plan's own `DefectTypes`: nothing registers itself when it is imported.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

from firstshift.core.errors import BadInput
from firstshift.core.imprint import Ground, Imprint
from firstshift.defects.draws import Draws
from firstshift.spec.catalogue import Defect, DefectTypes
from firstshift.spec.declared import name_of_kind

Entry = TypeVar("Entry", bound=Defect)


class DrawnType(ABC, Generic[Entry]):
    """One type of flaw. `model` is what the plan may say about it; `imprint` draws one flaw within that."""

    model: ClassVar[type[Defect]]
    example: ClassVar[str]
    """An entry of a plan, as YAML, that shows the type: tests and pictures of the documentation are made from it."""

    is_drawn: ClassVar[bool] = True
    """False for what is only labelled: asking for an imprint is an error then."""

    @abstractmethod
    def imprint(self, entry: Entry, ground: Ground, draws: Draws) -> Imprint: ...

    @property
    def name(self) -> str:
        return name_of_kind(self.model, "type")


@dataclass(frozen=True, slots=True)
class DrawnTypes:
    """The types that can be drawn."""

    types: tuple[DrawnType[Any], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(drawn.name for drawn in self.types)

    def adding(self, *types: DrawnType[Any]) -> Self:
        """These and more; a name may be used once, so nobody replaces 'scratch' by accident."""
        taken = set(self.names)
        for drawn in types:
            if drawn.name in taken:
                raise BadInput(
                    where=f"defect type {drawn.name!r}", expected="a name of its own", found="a type of that name"
                )
            taken.add(drawn.name)
        return type(self)((*self.types, *types))

    def of(self, entry: Defect) -> DrawnType[Any]:
        for drawn in self.types:
            if drawn.name == entry.type:
                return drawn
        raise BadInput(
            where=f"defect class {entry.class_name!r}",
            expected=f"a type that can be drawn: {', '.join(self.names)}",
            found=entry.type,
            way_out="give the file with its model: --defects FILE.py",
        )

    def can_be_drawn(self, entry: Defect) -> bool:
        return any(drawn.name == entry.type and drawn.is_drawn for drawn in self.types)

    def catalogue(self) -> DefectTypes:
        """The same types as the plan's reader needs them: `Plan.load(path, types=DRAWN_TYPES.catalogue())`."""
        return DefectTypes(tuple(drawn.model for drawn in self.types))

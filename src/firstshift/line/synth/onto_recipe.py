"""Every draw and finding behind a flaw on a photograph: the image's provenance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.line.synth.onto_order import ONTO_VERSION
from firstshift.line.synth.recipe import FlawRecipe, plain_values

MADE_BY_ONTO = "firstshift synth onto"


@dataclass(frozen=True, slots=True)
class OntoRecipe:
    run: str
    kind: str
    """The class that was asked for."""
    number: int
    photograph: str
    """Id of the image that the flaws were put onto."""
    channel: str
    registered: dict[str, Any]
    light: dict[str, Any]
    psf_sigma_px: float
    noise: tuple[float, float]
    """Floor and slope of a pixel's variance."""
    seed: int
    flaws: tuple[FlawRecipe, ...]

    @property
    def shot(self) -> str:
        return f"onto/{self.run}/{self.kind}/{self.number:07d}"

    @property
    def in_words(self) -> str:
        flaws = ", ".join(f"{flaw.class_name} of severity {flaw.severity}" for flaw in self.flaws)
        found = {"plane": "a plane", "points": "a pose from points", "silhouette": "a pose from its silhouette"}
        light = self.light
        return (
            f"{flaws} onto {self.photograph}, registered as {found[self.registered['method']]}; lamps turned by "
            f"{light['azimuth_deg']:g}°, shine {light['shine']:.2f}, sharpness {self.psf_sigma_px:.2f} px"
        )

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = plain_values(asdict(self))
        return {
            "made_by": MADE_BY_ONTO, "recipe": ONTO_VERSION, "parents": [self.photograph], "in_words": self.in_words,
            **plain,
        }  # fmt: skip

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> OntoRecipe:
        if plain.get("made_by") != MADE_BY_ONTO:
            raise BadInput(where="provenance", expected=f"an image made by {MADE_BY_ONTO}", found=plain.get("made_by"))
        if plain.get("recipe") != ONTO_VERSION:
            raise BadInput(
                where="provenance", expected=f"recipe version {ONTO_VERSION}", found=plain.get("recipe"),
                way_out="another release of firstshift made it, and paints it again",
            )  # fmt: skip
        told = {name: plain[name] for name in cls.__slots__}
        told["noise"] = tuple(told["noise"])
        told["flaws"] = tuple(FlawRecipe(**one) for one in told["flaws"])
        return cls(**told)

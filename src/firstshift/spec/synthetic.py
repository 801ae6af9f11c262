"""How images are made before there are parts: how many flaws an image shows, which come together, how often the pose
changes. Where a type of flaw lands stands with the flaw (`place`), how far images stray in `policy.randomisation`.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from firstshift.spec.declared import Declared, Name, Number, Share, Whole, reject

Count = Annotated[Whole, Field(ge=1, le=100)]


class Together(Declared):
    """Two kinds of flaw that come together more often, or less, than their frequencies say."""

    class_name: Name = Field(alias="class", description="The class that an image shows first.")
    brings: Name = Field(description="The class that comes with it.")
    times: Annotated[Number, Field(ge=0, le=1e6)] = Field(
        description="How many times as often as by its own frequency; 0 never."
    )


class Synthetic(Declared):
    """How images are made."""

    flaws: tuple[Count, Count] | None = Field(
        default=None,
        description="Flaws on one defective part, [fewest, most]; left out, each entry's `count` says.",
    )
    mixed: Share = Field(
        default=0.3, description="With several flaws, the chance that a further one is of another class than the first."
    )
    together: tuple[Together, ...] = Field(
        default=(), max_length=100, description="Classes that come together more often, or less, than by chance."
    )
    images_per_pose: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=25,
        description="Most defect images of one pose and finish; each has its own flaws, brightness and noise. More is "
        "quicker, fewer is more varied. The first images of a class have a pose each, later ones share theirs with up "
        "to a quarter as many as came before.",
    )
    not_visible: Share = Field(
        default=0.1,
        description="Share of defect images whose flaw keeps its first place even where no light shows it; in the "
        "others up to three more places are tried. What does not show even then stays, labelled 'not visible', and "
        "never trains; a run says so when it is more than this share.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        fewest, most = self.flaws or (1, 1)
        if fewest > most:
            reject("the fewest first", [fewest, most], f"write [{most}, {fewest}]", ("flaws",))
        return self

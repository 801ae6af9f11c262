"""The policy: who decides what, how sure one wants to be, what is kept, how synthetic images give way to real ones."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from firstshift.spec.declared import Declared, Flag, Number, Range, Sentence, Share, Whole, Within, reject

Route = Literal["pass", "review", "reject", "unknown"]
Origin = Literal["real", "rendered", "generated", "augmented"]
Kept = Literal["review", "unknown", "reject", "golden", "training", "certificate"]
LabelLevel = Literal["operator", "quality_engineer", "expert"]
Days = Annotated[Whole, Field(ge=1, le=36_500)]
Risk = Annotated[Number, Field(gt=0, lt=1)]


class Routing(Declared):
    """By how sure the model is: decided automatically, shown to a person, or rejected."""

    automatic_from: Risk = Field(
        default=0.95, description="Confidence from which the model's decision stands by itself."
    )
    review_from: Risk = Field(
        default=0.70, description="Confidence from which a person looks at the image; below it the part is rejected."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Routing:
        if self.review_from >= self.automatic_from:
            reject(
                f"review_from below automatic_from ({self.automatic_from:g})",
                self.review_from,
                "0.70 and 0.95 are usual: below review_from parts are rejected",
                ("review_from",),
            )
        return self


class Certificate(Declared):
    """What has to be proved before the model may decide alone, on real, randomly drawn, human-labelled images."""

    missed_at_most: Risk = Field(default=0.01, description="Largest share of defects that may be missed; 0.01 is 1 %.")
    confidence: Annotated[Number, Field(ge=0.5, lt=1)] = Field(
        default=0.95, description="How sure the proof has to be; 0.95 is usual."
    )
    false_alarms_at_most: Share = Field(default=0.10, description="Largest share of good parts that may be refused.")
    per_class: Flag = Field(default=False, description="Whether every defect class needs a proof of its own.")

    @property
    def defects_needed(self) -> int:
        """Real defects that must all be found for the proof to hold: (1 − risk)ⁿ ≤ 1 − confidence (exact binomial)."""
        return math.ceil(math.log(1 - self.confidence) / math.log1p(-self.missed_at_most) - 1e-9)


class Phases(Declared):
    """How the model is brought in."""

    parallel_hours: Annotated[Number, Field(ge=0, le=10_000)] = Field(
        default=72.0, description="Hours in which model and people both inspect and only the people decide."
    )
    spot_check: Share = Field(
        default=0.02, description="Share of automatic decisions, drawn at random, that a person looks at afterwards."
    )


class Labels(Declared):
    """How labels come about and when they may be used for training."""

    levels: tuple[LabelLevel, ...] = Field(
        default=("operator", "quality_engineer", "expert"),
        min_length=1,
        description="Who decides, from first to last: a level that is unsure or contradicted hands on to the next.",
    )
    agreement: Annotated[Number, Field(ge=0.5, le=1)] = Field(
        default=0.95, description="Agreement between people that a label needs before it trains."
    )
    audit: Share = Field(default=0.05, description="Share of labels, drawn at random, that a second person repeats.")

    @model_validator(mode="after")
    def _levels_rise(self) -> Labels:
        order = ["operator", "quality_engineer", "expert"]
        places = [order.index(level) for level in self.levels]
        if places != sorted(set(places)):
            reject(
                "levels from first to last, each once",
                list(self.levels),
                f"in the order {', '.join(order)}",
                ("levels",),
            )
        return self


class RetentionRule(Declared):
    """How long the pixels of some images are kept. The record of every inspection stays for ever."""

    route: Route | None = Field(default=None, description="Only images that took this route.")
    origin: Origin | None = Field(default=None, description="Only images of this origin.")
    keep_days: Days = Field(description="Days after which the pixels may go; the record stays.")


class Retention(Declared):
    """What is kept, and for how long. The first rule that fits an image decides; without one it is kept."""

    keep_forever: tuple[Kept, ...] = Field(
        default=("review", "unknown", "golden", "training", "certificate"),
        description="Images that no rule removes: those a person reviewed, unknown ones, the golden set, training and "
        "certificate images.",
    )
    rules: tuple[RetentionRule, ...] = Field(
        default=(), max_length=100, description="Rules in order; the first that fits an image decides."
    )


class ShareOnDay(Declared):
    """One corner of the plan by which synthetic images give way to real ones."""

    day: Annotated[Whole, Field(ge=0, le=3650)] = Field(description="Days since the first part.")
    share: Share = Field(description="Share of synthetic images in training from that day on.")


class Randomisation(Declared):
    """How far rendered images stray from the plan, so that a model learns the part and not the picture."""

    light: Annotated[Number, Field(ge=0, lt=1)] = Field(
        default=0.2, description="Brightness of each light, either way; 0.2 is ±20 %."
    )
    camera_deg: Annotated[Number, Field(ge=0, le=45)] = Field(
        default=3.0, description="Tilt of the camera, either way, in degrees."
    )
    distance: Annotated[Number, Field(ge=0, lt=0.5)] | None = Field(
        default=None,
        description="Working distance, either way, as a share; 0.02 is ±2 %. Left out, ±2 % or half the depth of "
        "field, whichever is less.",
    )
    gloss: Annotated[Range, Within(0, 1)] = Field(
        default=Range(0.0, 1.0), description="Finish from matt (0) to glossy (1) within what the finish allows."
    )
    noise: Annotated[Range, Within(0, 10)] = Field(
        default=Range(0.5, 1.5), description="Camera noise as a multiple of the calibrated noise."
    )
    background: Flag = Field(
        default=True,
        description="Whether background and fixture change from image to image. In a station with a back light "
        "its white panel is the background, and only how white and glossy it is changes.",
    )
    light_shift_mm: Annotated[Number, Field(ge=0, le=1000)] = Field(
        default=2.0, description="How far each light may hang from where the plan says, in any direction, in mm."
    )
    exposure: Annotated[Number, Field(ge=0, lt=1)] = Field(
        default=0.1, description="Brightness of the whole image, either way; 0.1 is ±10 %."
    )
    sharpness: Annotated[Range, Within(0.2, 5)] = Field(
        default=Range(0.85, 1.25), description="Point spread as a multiple of the calibrated one."
    )
    roll_deg: Annotated[Number, Field(ge=0, le=180)] = Field(
        default=0.5, description="Turn of the camera about its own axis, either way, in degrees."
    )
    motion_deg: Annotated[Number, Field(ge=0, le=180)] = Field(
        default=0.0, description="Direction in which a moving part moves, either way, in degrees."
    )


_USUAL_SHARES = (
    ShareOnDay(day=0, share=1.0),
    ShareOnDay(day=30, share=0.5),
    ShareOnDay(day=60, share=0.25),
    ShareOnDay(day=90, share=0.08),
)


class Policy(Declared):
    """The rules of the line. Everything has a usual value; write down what you change."""

    routing: Routing = Field(default_factory=Routing, description="By confidence: automatic, to a person, or rejected.")
    certificate: Certificate | None = Field(
        default=None,
        description="What has to be proved before the model decides alone; left out, nothing is certified.",
    )
    phases: Phases = Field(default_factory=Phases, description="How the model is brought in.")
    labels: Labels = Field(default_factory=Labels, description="How labels come about and when they may train.")
    retention: Retention = Field(default_factory=Retention, description="What is kept, and for how long.")
    synthetic_share: tuple[ShareOnDay, ...] = Field(
        default=_USUAL_SHARES,
        max_length=100,
        description="How the share of synthetic images falls as real ones arrive; straight lines between the days.",
    )
    randomisation: Randomisation = Field(
        default_factory=Randomisation, description="How far rendered images stray from the plan."
    )
    note: Sentence | None = Field(default=None, description="Anything a colleague should know; not evaluated.")

    @model_validator(mode="after")
    def _days_rise(self) -> Policy:
        for index, (earlier, later) in enumerate(zip(self.synthetic_share, self.synthetic_share[1:], strict=False), 1):
            if later.day <= earlier.day:
                reject(f"a day after {earlier.day}", later.day, "days rise", ("synthetic_share", index, "day"))
            if later.share > earlier.share:
                way_out = "real images only ever push synthetic ones out"
                reject(
                    f"a share of at most {earlier.share:g}", later.share, way_out, ("synthetic_share", index, "share")
                )
        return self

    def synthetic_share_on(self, day: float) -> float:
        """Straight lines between the days given; the first and last value hold before and after."""
        corners = self.synthetic_share
        if not corners:
            return 1.0
        for earlier, later in itertools.pairwise(corners):
            if earlier.day <= day < later.day:
                along = (day - earlier.day) / (later.day - earlier.day)
                return earlier.share + (later.share - earlier.share) * along
        return corners[0].share if day < corners[0].day else corners[-1].share

"""How bad a missing hole is: there is one grade of it, unless the plan says otherwise."""

from __future__ import annotations

import pytest

from firstshift.spec.defect_types import MissingFeature
from tests.spec.plans import small_plan

DENT = """- type: dent
    class: dent
    size_mm: [0.3, 2]
    depth_um: [10, 100]"""


@pytest.mark.parametrize(
    ("feature", "severity"), [("hole", (5, 5)), ("thread", (5, 5)), ("rib", (1, 5)), ("edge", (1, 5))]
)
def test_what_is_there_or_not_has_one_grade(feature: str, severity: tuple[int, int]) -> None:
    entry = f"- {{type: missing_feature, class: gone, feature: {feature}, size_mm: [5, 6]}}"
    plan = small_plan((DENT, entry))
    assert plan.defects[1].severity == severity
    assert plan.as_data()["defects"][1]["severity"] == list(severity)
    assert "severity" not in plan.defects[1].model_dump(exclude_unset=True), "the plan did not say it"


def test_a_plan_may_grade_missing_holes() -> None:
    made = MissingFeature.model_validate(
        {"type": "missing_feature", "class": "gone", "feature": "hole", "size_mm": [5, 6], "severity": [2, 4]}
    )
    assert made.severity == (2, 4)

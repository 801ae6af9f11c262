"""The inspection plan a person writes: frozen, validated, and what follows from it.

plan = Plan.load("plan.yaml")
derive_facts(plan).mm_per_pixel
check_plan(plan, "folder of the plan")
"""

from firstshift.spec.catalogue import Acceptance, Defect, DefectTypes
from firstshift.spec.check import check_plan, has_errors
from firstshift.spec.declared import Range, Within
from firstshift.spec.defect_types import BUILT_IN_TYPES
from firstshift.spec.examples import copy_example, example_names, example_text
from firstshift.spec.facts import StationFacts, derive_facts
from firstshift.spec.finding import Finding, Level
from firstshift.spec.part import Body, Finish, Part, Placement, Region
from firstshift.spec.plan import Plan, set_in_plan_file
from firstshift.spec.policy import Certificate, Policy, Retention, RetentionRule, Routing
from firstshift.spec.problems import PlanError
from firstshift.spec.schema import plan_schema
from firstshift.spec.serial import SerialFormat
from firstshift.spec.station import Camera, Channel, LineScan, Perspective, Station, Telecentric
from firstshift.spec.synthetic import Synthetic, Together
from firstshift.spec.visibility import ClassFacts, Visibility

__all__ = [
    "BUILT_IN_TYPES",
    "Acceptance",
    "Body",
    "Camera",
    "Certificate",
    "Channel",
    "ClassFacts",
    "Defect",
    "DefectTypes",
    "Finding",
    "Finish",
    "Level",
    "LineScan",
    "Part",
    "Perspective",
    "Placement",
    "Plan",
    "PlanError",
    "Policy",
    "Range",
    "Region",
    "Retention",
    "RetentionRule",
    "Routing",
    "SerialFormat",
    "Station",
    "StationFacts",
    "Synthetic",
    "Telecentric",
    "Together",
    "Visibility",
    "Within",
    "check_plan",
    "copy_example",
    "derive_facts",
    "example_names",
    "example_text",
    "has_errors",
    "plan_schema",
    "set_in_plan_file",
]

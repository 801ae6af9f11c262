"""The JSON schema of a plan, for editors: completion, descriptions and red lines while the plan is being written.

In VS Code, with the YAML extension, the first line of a plan turns it on:

    # yaml-language-server: $schema=plan.schema.json
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from firstshift.spec.catalogue import DefectTypes
from firstshift.spec.defect_types import BUILT_IN_TYPES
from firstshift.spec.plan import Plan


def plan_schema(types: DefectTypes = BUILT_IN_TYPES) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `plan.yaml` with the given defect types."""
    models = [(Plan, "validation"), *((model, "validation") for model in types.models)]
    places, definitions = models_json_schema(models, by_alias=True, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    schemas: dict[str, Any] = definitions["$defs"]
    plan: dict[str, Any] = schemas.pop("Plan")
    choices = [places[(model, "validation")] for model in types.models]
    plan["properties"]["defects"]["items"] = {"oneOf": choices}
    schemas.pop("Defect", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://firstshift.dev/plan.schema.json",
        **plan,
        "title": "firstshift plan",
        "$defs": schemas,
    }

"""The list of every setting, as Markdown, from the models themselves: it cannot say anything else than the reader does.

`scripts/write_plan_reference.py` puts it into `docs/plan-file.md`; a test holds the page against it.
"""

from __future__ import annotations

from typing import Any

from firstshift.spec.catalogue import DefectTypes
from firstshift.spec.defect_types import BUILT_IN_TYPES
from firstshift.spec.schema import plan_schema
from firstshift.spec.yaml_edit import in_line

BEGIN = "<!-- settings: begin (scripts/write_plan_reference.py) -->"
END = "<!-- settings: end -->"


def settings_reference(types: DefectTypes = BUILT_IN_TYPES) -> str:
    schema = plan_schema(types)
    return "\n".join(_block("The plan", schema, schema, 3, set()))


def _block(title: str, block: dict[str, Any], schema: dict[str, Any], level: int, done: set[str]) -> list[str]:
    lines = ["", f"{'#' * level} {title}", "", block.get("description", "").split("\n\n")[0].replace("\n", " "), ""]
    lines += ["| setting | is | usual | |", "|---|---|---|---|"]
    inner: list[tuple[str, str]] = []
    for name, field in block["properties"].items():
        usual = "" if name in block.get("required", ()) else _usual(field)
        needed = "**needed**" if name in block.get("required", ()) else usual
        lines.append(f"| `{name}` | {_kind(field, schema)} | {needed} | {_cell(_description(field, schema))} |")
        inner += [(name, key) for key in _references(field)]
    for name, key in inner:
        if key not in done:
            done.add(key)
            part = schema["$defs"][key]
            lines += _block(_title(name, part), part, schema, level, done)
    return lines


def _description(field: dict[str, Any], schema: dict[str, Any]) -> str:
    # The schema leaves a setting's description out where it is word for word that of its block.
    block = schema["$defs"][_references(field)[0]] if "$ref" in field else {}
    return str(field.get("description") or block.get("description", ""))


def _title(name: str, block: dict[str, Any]) -> str:
    for key in ("kind", "type"):
        word = block["properties"].get(key, {}).get("const")
        if word:
            return f"`{name}`, `{key}: {word}`"
    return f"`{name}`"


def _usual(field: dict[str, Any]) -> str:
    value = field.get("default")
    if (
        value is None
        or isinstance(value, dict)
        or (isinstance(value, list) and any(isinstance(v, dict) for v in value))
    ):
        return ""
    return f"`{in_line(value)}`"


def _references(field: Any) -> list[str]:
    if isinstance(field, dict):
        here = [str(field["$ref"]).rsplit("/", 1)[1]] if "$ref" in field else []
        return here + [key for name, inner in field.items() if name != "default" for key in _references(inner)]
    if isinstance(field, list):
        return [key for inner in field for key in _references(inner)]
    return []


def _kind(field: dict[str, Any], schema: dict[str, Any]) -> str:
    """What may stand there, in a few words."""
    if "$ref" in field:
        return "a block"
    choices = [choice for choice in field.get("anyOf", field.get("oneOf", [])) if choice.get("type") != "null"]
    if choices:
        return _kind(choices[0], schema) if len(choices) == 1 else "a block of one kind"
    if "const" in field:
        return f"`{in_line(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{in_line(word)}`" for word in field["enum"])
    if field.get("type") == "array":
        return _list_kind(field, schema)
    bounds = _bounds(field)
    words = {"number": "a number", "integer": "a whole number", "boolean": "`true` or `false`", "string": "text"}
    return words[field["type"]] + bounds


def _list_kind(field: dict[str, Any], schema: dict[str, Any]) -> str:
    if "prefixItems" in field:
        return f"{len(field['prefixItems'])} numbers"
    item = field.get("items", {})
    if field.get("maxItems") == field.get("minItems") == 2:
        return f"`[low, high]`{_bounds(item)}"
    if _references(item):
        return "blocks"
    return f"a list: {_kind(item, schema)}" if "enum" in item else "a list of names"


def _bounds(field: dict[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    above, below = field.get("exclusiveMinimum"), field.get("exclusiveMaximum")
    first = f"above {above:g}" if above is not None else f"{low:g}" if low is not None else ""
    last = f"{high:g}" if high is not None else f"below {below:g}" if below is not None else ""
    if high is not None and high >= 1e12:
        last = ""
    if first == "-1e+12":
        first = ""
    if first and last:
        return f", {first} to {last}"
    return f", {first or last}" if first or last else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

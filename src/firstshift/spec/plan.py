"""The inspection plan: everything a quality engineer declares about one part at one station, in one file.

    plan = Plan.load("plan.yaml")
    plan.station.working_distance_mm
    plan.with_value("station.working_distance_mm", 250).save("plan.yaml")      # comments stay

A plan is frozen. One that was read keeps its text, so saving it changes nothing but what was changed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, SerializeAsAny, ValidationError, model_validator

from firstshift.core.errors import BadInput, NotFound, one_line
from firstshift.core.hashing import ContentHash, record_hash
from firstshift.spec.catalogue import Defect, DefectTypes, FromCatalogue
from firstshift.spec.declared import Declared, Name, Range, Sentence, reject
from firstshift.spec.defect_types import BUILT_IN_TYPES
from firstshift.spec.part import Part
from firstshift.spec.policy import Policy
from firstshift.spec.problems import PlanError, plan_error
from firstshift.spec.station import Station
from firstshift.spec.synthetic import Synthetic
from firstshift.spec.yaml_edit import as_yaml, with_value
from firstshift.spec.yaml_tree import MAX_BYTES, decode_text, parse_path, read_tree, too_large


class Plan(Declared):
    """One part at one station: what it is, how it is seen, what can be wrong with it, and who decides."""

    format: Literal[1] = Field(description="Version of this file format; always 1 so far.")
    name: Name = Field(description="Name of the plan.")
    note: Sentence | None = Field(
        default=None, description="What the plan is for, in a sentence or two; not evaluated."
    )
    part: Part = Field(description="What is inspected.")
    station: Station = Field(description="Where it is inspected: camera, lens and light.")
    defects: tuple[Annotated[SerializeAsAny[Defect], FromCatalogue(BUILT_IN_TYPES)], ...] = Field(
        min_length=1, max_length=500, description="What can be wrong with the part: one entry for each kind of flaw."
    )
    synthetic: Synthetic = Field(default_factory=Synthetic, description="How images are made before there are parts.")
    policy: Policy = Field(default_factory=Policy, description="Who decides what, and how sure one wants to be.")

    _text: str | None = PrivateAttr(default=None)
    _types: DefectTypes = PrivateAttr(default=BUILT_IN_TYPES)

    @model_validator(mode="after")
    def _names_lead_somewhere(self) -> Self:
        regions = [region.name for region in self.part.regions]
        for index, rule in enumerate(self.synthetic.together):
            for key, name in (("class", rule.class_name), ("brings", rule.brings)):
                if name not in self.class_names:
                    known = ", ".join(self.class_names)
                    reject(f"one of the classes {known}", name, "", ("synthetic", "together", index, key))
        for index, entry in enumerate(self.defects):
            for place, name in enumerate(entry.regions):
                if name not in regions:
                    expected = f"one of the regions {', '.join(regions)}" if regions else "a region of the part"
                    way_out = "" if regions else "declare it under part.regions"
                    reject(expected, name, way_out, ("defects", index, "regions", place))
        return self

    @classmethod
    def load(cls, path: str | Path, types: DefectTypes = BUILT_IN_TYPES) -> Self:
        """Read a plan file, or the `plan.yaml` in a folder. Raises PlanError with everything that is wrong."""
        file = Path(path)
        return cls.from_text(read_plan_file(file), _shown_name(file), types)

    @classmethod
    def from_text(cls, text: str, name: str = "plan", types: DefectTypes = BUILT_IN_TYPES) -> Self:
        tree = read_tree(text, name)
        data = tree.data
        if not isinstance(data, dict):
            expected = "a plan: blocks named format, name, part, station, defects, policy"
            raise BadInput(where=name, expected=expected, found=one_line(data, 60), way_out="is this another file?")
        try:
            plan = cls.model_validate(data, context={"types": types})
        except ValidationError as error:
            raise plan_error(error, cls, tree, name, types) from None
        plan._text = text
        plan._types = types
        return plan

    @classmethod
    def from_data(cls, data: dict[str, Any], name: str = "plan", types: DefectTypes = BUILT_IN_TYPES) -> Self:
        """From plain values, as a program or a web page has them."""
        return cls.from_text(as_yaml(data), name, types)

    def as_data(self) -> dict[str, Any]:
        """Every setting as plain JSON values, defaults filled in."""
        data: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        return data

    def to_yaml(self) -> str:
        """The text of the plan: as it was read, with comments and order, where it was read."""
        if self._text is not None:
            return self._text
        written = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return as_yaml(written)

    def with_value(self, path: str, value: Any) -> Self:
        """This plan with one setting changed, comments kept: `plan.with_value("defects[0].frequency", 2)`."""
        return type(self).from_text(with_value(self.to_yaml(), parse_path(path), _plain(value)), "plan", self._types)

    def save(self, path: str | Path) -> None:
        """Write the plan. Either the whole file is replaced or nothing is."""
        write_plan_file(Path(path), self.to_yaml())

    def content_hash(self) -> ContentHash:
        """Of what the plan says, whatever its layout and comments."""
        return record_hash(self.as_data())

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes of the catalogue, each once, in the catalogue's order."""
        return tuple(dict.fromkeys(entry.class_name for entry in self.defects))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.as_data() == other.as_data()

    def __hash__(self) -> int:
        return hash(self.content_hash())

    def model_copy(self, *, update: Any = None, deep: bool = False) -> Self:
        # The text belongs to the values it was read with; a changed copy must not be saved with the old text.
        copy = super().model_copy(update=update, deep=deep)
        if update:
            copy._text = None
        return copy


def set_in_plan_file(path: str | Path, setting: str, value: Any, types: DefectTypes = BUILT_IN_TYPES) -> Plan:
    """Change one setting in a plan file and keep everything else, comments too.

    `set_in_plan_file("plan.yaml", "station.working_distance_mm", 250)`. A value that would make the plan wrong is
    refused and the file stays as it is.
    """
    file = plan_path(Path(path))
    text = with_value(read_plan_file(file), parse_path(setting), _plain(value))
    plan = Plan.from_text(text, _shown_name(file), types)
    write_plan_file(file, text)
    return plan


def plan_path(path: Path) -> Path:
    return path / "plan.yaml" if path.is_dir() else path


def read_plan_file(path: Path) -> str:
    file = plan_path(path)
    try:
        if file.exists() and not file.is_file():
            raise BadInput(where=file, expected="a plan file", found="a folder or a device")
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
            size = max(len(data), os.fstat(stream.fileno()).st_size)
    except FileNotFoundError:
        raise NotFound(
            where=file,
            expected="a plan file",
            found="nothing there",
            way_out="write one there; `firstshift new OTHER --example bracket` makes a folder with one to copy from",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(where=file, expected="a plan file that can be read", found=reason) from None
    if len(data) > MAX_BYTES:
        raise too_large(_shown_name(file), size)
    return decode_text(data, _shown_name(file))


def write_plan_file(path: Path, text: str) -> None:
    target = plan_path(path)
    try:
        target = target.resolve()
        handle, name = tempfile.mkstemp(prefix=".plan-", suffix=".yaml", dir=target.parent)
    except OSError as error:
        raise BadInput(where=target, expected="a folder that can be written", found=error.strerror or error) from None
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
        written.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        written.replace(target)
    except OSError as error:
        raise BadInput(where=target, expected="a file that can be written", found=error.strerror or error) from None
    finally:
        written.unlink(missing_ok=True)


def _shown_name(path: Path) -> str:
    return path.name.encode("utf-8", "replace").decode()


def _plain(value: Any) -> Any:
    """A range or a block of settings as the plain values that stand in a plan."""
    if isinstance(value, Range):
        return value.as_list()
    if isinstance(value, Declared):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


__all__ = ["Plan", "PlanError", "set_in_plan_file"]

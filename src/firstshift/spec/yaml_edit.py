"""Changing one value in a plan's text and leaving every other character, comment and blank line as it is."""

from __future__ import annotations

import math
from typing import Any

from firstshift.core.errors import BadInput
from firstshift.spec.yaml_tree import Node, PathStep, path_text, read_tree


def with_value(text: str, path: tuple[PathStep, ...], value: Any) -> str:
    """The text with `value` at `path`. A setting that is not there yet is added at the end of its block."""
    tree = read_tree(text)
    wanted = _changed(tree.data, path, value)
    edited = _edit(text, tree, path, value)
    # Reading it back is the proof that exactly this value changed, whatever the layout of the text was.
    if read_tree(edited).data != wanted:
        raise BadInput(
            where=path_text(path),
            expected="a place in the text that can be changed by itself",
            found=f"line {tree.line_of(path)}",
            way_out="change it in an editor",
        )
    return edited


def _changed(data: Any, path: tuple[PathStep, ...], value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        if not isinstance(data, list) or step >= len(data):
            count = f"a list of {len(data)}" if isinstance(data, list) else "no list"
            raise BadInput(where=f"[{step}]", expected="an entry that exists", found=count)
        return [_changed(item, rest, value) if index == step else item for index, item in enumerate(data)]
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise BadInput(where=step, expected="a block of settings around it", found=type(data).__name__)
    return {**data, step: _changed(data.get(step), rest, value)}


def _edit(text: str, tree: Node, path: tuple[PathStep, ...], value: Any) -> str:
    node, parent, depth = tree, None, 0
    for step in path:
        inner = node.step(step)
        if inner is None or (inner.kind == "scalar" and inner.value is None and depth + 1 < len(path)):
            break
        parent, node, depth = node, inner, depth + 1
    if depth == len(path):
        return _replaced(text, parent, path[-1], node, in_line(value))
    nested = value
    for step in reversed(path[depth + 1 :]):
        nested = {str(step): nested}
    key = str(path[depth])
    if key in node.entries:
        return _replaced(text, node, key, node.entries[key][1], in_line(nested))
    return _inserted(text, node, key, in_line(nested))


def _replaced(text: str, parent: Node | None, step: PathStep, node: Node, new: str) -> str:
    start, end = node.start, _end_of(text, node)
    if parent is not None and isinstance(step, str) and (start == end or not node.flow):
        # Nothing, or a block on the lines below: the new value goes behind the colon, on the key's own line.
        start = text.index(":", parent.entries[step][0].end) + 1
        end = max(start, end if not node.flow else start)
        new = f" {new}"
    return text[:start] + new + text[end:]


def _inserted(text: str, block: Node, key: str, new: str) -> str:
    if block.flow:
        comma = ", " if block.entries else ""
        place = max((value.end for _, value in block.entries.values()), default=block.end - 1)
        return f"{text[:place]}{comma}{key}: {new}{text[place:]}"
    last = max(_end_of(text, value) or 0 for _, value in block.entries.values())
    last = max(last, max(name.end for name, _ in block.entries.values()))
    line_end = last if text[last - 1 : last] == "\n" else text.find("\n", last)
    newline = "\r\n" if "\r\n" in text else "\n"
    line = f"{' ' * block.column}{key}: {new}"
    if line_end < 0:
        return f"{text}{newline}{line}{newline}"
    if text[last - 1 : last] == "\n":
        return f"{text[:line_end]}{line}{newline}{text[line_end:]}"
    return f"{text[: line_end + 1]}{line}{newline}{text[line_end + 1 :]}"


def _end_of(text: str, node: Node) -> int:
    """Where a value's own characters end: the parser counts the blank space behind a block of text to it."""
    piece = text[node.start : node.end]
    return node.start + len(piece.rstrip())


def in_line(value: Any) -> str:
    """A value on one line, as YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{in_line(str(k))}: {in_line(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(in_line(v) for v in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInput(where="value", expected="a finite number", found=value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return _quoted(str(value))


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def _quoted(text: str) -> str:
    plain = text.replace("_", "").replace("-", "").replace(" ", "").replace(".", "")
    if (
        plain.isascii()
        and plain.isalnum()
        and text[0].isalpha()
        and text == text.strip()
        and not _means_something(text)
    ):
        return text
    escaped = "".join(
        c if c.isprintable() and c not in '"\\' else f"\\{c}" if c in '"\\' else f"\\U{ord(c):08x}" for c in text
    )
    return f'"{escaped}"'


def _means_something(text: str) -> bool:
    return text.lower() in ("null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf")


def as_yaml(data: dict[str, Any]) -> str:
    """A plan's data as text, for plans made by a program: short things on one line, blocks below each other."""
    return "\n".join(_lines(data)) + "\n"


def _lines(value: Any) -> list[str]:
    """A value over several lines, as it stands below its name or behind its dash."""
    lines: list[str] = []
    if isinstance(value, dict):
        for name, inner in value.items():
            if _needs_lines(inner):
                lines.append(f"{in_line(str(name))}:")
                lines += [f"  {line}" for line in _lines(inner)]
            else:
                lines.append(f"{in_line(str(name))}: {in_line(inner)}")
        return lines or ["{}"]
    for item in value:
        first, *rest = _lines(item) if isinstance(item, dict) else [in_line(item)]
        lines += [f"- {first}", *(f"  {line}" for line in rest)]
    return lines


def _needs_lines(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and (
            len(value) > 3 or any(isinstance(inner, dict | list | tuple) for inner in value.values())
        )
    return isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value)

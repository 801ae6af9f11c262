"""How `firstshift synth show` tells a rendered image to a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstshift.cli import screen

if TYPE_CHECKING:
    from firstshift.line.synth.showing import Look

_QUIET = ("made_by", "recipe", "settings", "flaws", "pose", "light", "registered", "renderer")


def show_facts(found: Look, out: Path | None) -> None:
    told = found.provenance
    rows = [("image", found.image), ("source", found.source)]
    rows += [(name, _value(told[name])) for name in told if name not in _QUIET]
    rows += [
        (f"pose: {name}", _value(value)) for name, value in told.get("pose", {}).items() if value not in (None, [])
    ]
    rows += [(f"registered: {name}", _value(value)) for name, value in told.get("registered", {}).items()]
    rows += [
        (f"light: {name}", _value(value) if "registered" in told else f"× {value:.3f}")
        for name, value in told["light"].items()
    ]
    screen.show(screen.facts([(name, screen.quoted(value)) for name, value in rows]))
    if found.label is not None:
        for one in found.label.annotations:
            facts = ", ".join(f"{name} {_value(value)}" for name, value in one.attributes.items())
            screen.say(f"[bold]{screen.quoted(one.class_name)}[/] severity {one.severity}: {screen.quoted(facts)}")
        screen.say(f"verdict: {found.label.verdict.value}")
    again = "rendered again" if found.device == "cpu" else f"rendered again on {screen.quoted(found.device)}"
    if found.is_same:
        screen.say(f"[green]{again}: the same, bit for bit[/]")
    else:
        differ = "not the same bytes" if found.differing is None else f"{found.differing:,} pixels differ"
        why = found.renderer_changed or "the same renderer on another kind of processor made it"
        screen.say(f"[red]{again}: {differ}[/]; {screen.quoted(why)}")
    if found.is_retired:
        screen.say("[dim]its pixels were retired; `firstshift synth run … --again` records them anew[/]")
    if found.device != found.made_on:
        made, here = screen.quoted(found.made_on), screen.quoted(found.device)
        screen.say(f"[dim]it was made on {made}, which is not here, and rendered again on {here}[/]")
    if found.plan_kept_because:
        because = screen.quoted(found.plan_kept_because)
        screen.say(f"[dim]{because}: rendered again from the plan that was kept with its run[/]")
    if out is not None:
        screen.say(f"picture: {screen.quoted(out)}")


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(one)}" for name, one in value.items())
    return str(value)

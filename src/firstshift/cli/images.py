"""`firstshift images …`: which images are there, what is known about one, and what it looks like with its labels."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from firstshift.cli import screen
from firstshift.cli.command import AsJson, WorkspaceFolder, command, group
from firstshift.cli.outfile import check_picture, check_target, write_file
from firstshift.cli.place import open_workspace
from firstshift.cli.selection import Filters, with_filters
from firstshift.cli.words import LevelName, label_words, part_words

if TYPE_CHECKING:
    from firstshift.store.images import ImageRecord
    from firstshift.store.labels import LabelRecord
    from firstshift.store.search import Query
    from firstshift.store.workspace import Workspace

app = group("Images: list them, search them, look at one, label it.")

Limit = Annotated[int, typer.Option("--limit", "-n", help="How many at most.", min=1, max=10_000)]
After = Annotated[
    str | None,
    typer.Option(
        "--after", metavar="PLACE", help="Go on behind this place: `next` of the page before.", show_default=False
    ),
]
_SAID = ("version", "when", "who", "level", ("what", "text"))


@command(app, "list", "firstshift images list", "firstshift images list --limit 5 --json")
def list_images(
    folder: WorkspaceFolder = None, limit: Limit = 20, after: After = None, as_json: AsJson = False
) -> None:
    """List images, the newest first."""
    from firstshift.store.search import Query

    _show_page(folder, Query(limit=limit, cursor=after), as_json)


@command(
    app,
    "search",
    "firstshift images search --class scratch --station cell-3",
    "firstshift images search --unlabelled --since 2026-11-01 --count",
)
@with_filters
def search(
    picked: Filters,
    retired: Annotated[bool | None, typer.Option("--retired/--kept", help="Pixels gone, or still here.")] = None,
    limit: Limit = 20,
    after: After = None,
    count: Annotated[bool, typer.Option("--count", help="Say only how many there are.")] = False,
    folder: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Find images. All that is given must hold; the newest come first."""
    query = picked.query(retired=retired, limit=limit, cursor=after)
    if count:
        _show_count(folder, query, as_json)
    else:
        _show_page(folder, query, as_json)


def _show_count(folder: Path | None, query: Query, as_json: bool) -> None:
    with open_workspace(folder) as ws:
        found = ws.images.count(query)
    if as_json:
        screen.print_json({"count": found})
    else:
        screen.say(screen.counted(found, "image"))


def _show_page(folder: Path | None, query: Query, as_json: bool) -> None:
    with open_workspace(folder) as ws:
        page = ws.images.search(query)
        said = ws.labels.current([record.id for record in page.items])
    if as_json:
        screen.print_json({"images": [_as_json(r, said.get(r.id)) for r in page.items], "next": page.next})
        return
    if not page.items:
        screen.say("no images")
        return
    rows = [_row(record, said.get(record.id)) for record in page.items]
    screen.show(screen.table("", "image", "taken", "part", ("size", "right"), "label", "", rows=rows))
    if page.next is not None:
        screen.say(f"[dim]there are more: --after {page.next}[/]")


def _as_json(record: ImageRecord, label: LabelRecord | None) -> dict[str, Any]:
    return record.to_json() | {"label": label.to_json() if label else None}


def _row(record: ImageRecord, label: LabelRecord | None) -> tuple[str, ...]:
    return (
        screen.short(record.id),
        screen.minute(record.capture.captured_at),
        part_words(record.capture),
        f"{record.width}×{record.height}",
        label_words(label.label if label else None),
        "[yellow]golden[/]" if record.golden else "",
    )


@command(
    app,
    "show",
    "firstshift images show img_3f2a9c81d0",
    "firstshift images show img_3f2a9c81d0 --out picture.png",
)
def show(
    image: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="Write the image with its newest label drawn on it.", show_default=False),
    ] = None,
    original: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the file as it was recorded, byte for byte.", show_default=False),
    ] = None,
    folder: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show all that is known about one image, and everything that was ever said about it."""
    check_picture(out, (".png",))
    check_target(original)
    with open_workspace(folder) as ws:
        record = ws.images.get(image)
        history = ws.labels.history(record.id)
        if out is not None:
            write_file(out, _drawn(ws, record, history[-1] if history else None))
        if original is not None:
            write_file(original, ws.images.read_bytes(record))
    if as_json:
        screen.print_json({"image": record.to_json(), "labels": [label.to_json() for label in history]})
        return
    screen.show(screen.facts(_facts(record)))
    if history:
        screen.show(
            screen.table(
                "What was said about it", "version", "when", "who", "level", ("what", "text"), rows=_said(history)
            )
        )
    else:
        screen.say("[dim]nobody has labelled it yet[/]")
    for file in filter(None, (out, original)):
        screen.say(f"wrote {screen.quoted(file)}")


@command(
    app,
    "label",
    "firstshift images label img_3f2a9c81d0 good --reason 'only dust'",
    "firstshift images label img_3f2a9c81d0 defect --class scratch",
)
def label(
    image: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    verdict: Annotated[Literal["good", "defect", "unsure"], typer.Argument(help="What it is.")],
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="What is on it, as a whole; once for each.", show_default=False)
    ] = None,
    level: Annotated[LevelName, typer.Option(help="With which authority.", metavar="LEVEL")] = "engineer",
    reason: Annotated[str, typer.Option(help="Why; kept with the label.", show_default=False)] = "",
    replaces: Annotated[
        int | None,
        typer.Option(
            metavar="VERSION", help="Refuse it if a newer version than this one is there.", show_default=False
        ),
    ] = None,
    folder: WorkspaceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Say what is true about an image: a new version of its label. What was said before stays on record."""
    from firstshift.core.label import Annotation, Label, Level, Verdict

    said = Label(Verdict(verdict), tuple(Annotation(name) for name in classes or ()))
    with open_workspace(folder) as ws:
        record = ws.images.get(image)
        made = ws.labels.add(record.id, said, level=Level(level), reason=reason, replaces=replaces)
    if as_json:
        screen.print_json(made.to_json())
    else:
        screen.say(f"{screen.short(record.id)}: {label_words(made.label)}, version {made.version}")


def _drawn(ws: Workspace, record: ImageRecord, newest: LabelRecord | None) -> bytes:
    from firstshift.core.encode import encode_png
    from firstshift.line.labelled_picture import draw_label

    return encode_png(draw_label(ws.images.read(record), newest.label if newest else None))


def _facts(record: ImageRecord) -> list[tuple[str, str]]:
    capture = record.capture.to_json()
    provenance = capture.pop("provenance", None)
    rows = [
        ("image", record.id + ("  [yellow]golden[/]" if record.golden else "")),
        (
            "file",
            _file(record),
        ),
        ("content", f"[dim]{record.content}[/]"),
        ("recorded", f"{screen.second(record.added_at)} by {screen.quoted(record.added_by)}, event {record.event_seq}"),
    ]
    names = {"captured_at": "taken", "model_version": "model"}
    rows += [(names.get(name, name), screen.quoted(_value(value))) for name, value in capture.items()]
    rows += [(f"· {name}", screen.quoted(_value(value))) for name, value in _flat(provenance or {})]
    return rows


def _flat(plain: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """`imported.split` instead of a dictionary in a dictionary."""
    found: list[tuple[str, Any]] = []
    for name, value in plain.items():
        inner = isinstance(value, dict)
        found += _flat(value, f"{above}{name}.") if inner else [(above + name, value)]
    return found


def _file(record: ImageRecord) -> str:
    pixels = f"{record.width}×{record.height}, {screen.counted(record.channels, 'channel')} of {record.bits} bits"
    return f"{record.format.upper()}, {pixels}, {screen.size(record.size)}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, str) and value[4:5] == "-" and "T" in value:
        return screen.second(datetime.fromisoformat(value))
    return str(value)


def _said(history: list[LabelRecord]) -> list[tuple[str, ...]]:
    return [
        (
            str(label.version),
            screen.minute(label.at),
            screen.quoted(label.author),
            label.level.value,
            label_words(label.label) + (f" [dim]{screen.quoted(label.reason)}[/]" if label.reason else ""),
        )
        for label in history
    ]

"""The photographs that flaws go onto: files and folders, or images of the workspace, recorded before they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from firstshift.core.capture import Capture, Origin
from firstshift.core.errors import BadInput, FirstshiftError
from firstshift.core.imagefacts import is_image_name
from firstshift.core.imagefile import read_image_file
from firstshift.core.label import Verdict
from firstshift.core.progress import Progress, Silent
from firstshift.line.synth.onto_suiting import check_suits
from firstshift.store.images import Examined, NewImage
from firstshift.store.search import Query
from firstshift.store.workspace import Workspace

AT_ONCE = 256


def from_files(
    ws: Workspace,
    sources: Sequence[Path],
    *,
    station: str,
    camera: str | None,
    channel: str,
    skip: bool = False,
    progress: Progress | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> dict[str, str]:
    """Ids and names of the images with these files' bytes, recorded as real ones where there are none yet. Every file
    is read and decoded first, so that one that is damaged or does not do is named before anything is recorded."""
    shown = progress or Silent()
    files = list(_files(sources))
    if not files:
        raise BadInput(where="photographs", expected="images", found="none", way_out="name files, or a folder of them")
    looks: list[tuple[Path, str, Examined]] = []
    problems: list[str] = []
    shown.start("reading photographs", len(files))
    try:
        for path, name in files:
            try:
                look = ws.images.examine(read_image_file(path, name), name)
                check_suits(look.facts.channel_names, look.facts.width, look.facts.height, name)
                looks.append((path, name, look))
            except FirstshiftError as error:
                if not skip:
                    raise
                problems.append(error.message)
                told(error.message)
            shown.advance(1, note=name)
    finally:
        shown.finish()
    if not looks:
        raise BadInput(
            where="photographs", expected="one that does", found=f"none of {len(files)}; first {problems[0]}",
            way_out="name others, or a folder of them",
        )  # fmt: skip
    found: dict[str, str] = {}
    for start in range(0, len(looks), AT_ONCE):
        some = looks[start : start + AT_ONCE]
        here = ws.images.by_content([look.content for _, _, look in some])
        real = {
            content: next((one for one in records if one.capture.origin == Origin.REAL), None)
            for content, records in here.items()
        }
        new = []
        for path, name, look in some:
            known = real.get(look.content)
            if known is not None:
                found[known.id] = name
                continue
            capture = Capture(origin=Origin.REAL, station=station, camera=camera, channel=channel, source=name)
            new.append((NewImage(path, capture, examined=look), name))
        for record, (_, name) in zip(ws.images.add_many(one for one, _ in new), new, strict=True):
            found.setdefault(record.id, name)
    return found


def from_workspace(ws: Workspace, query: Query) -> dict[str, str]:
    """Real images of the workspace whose pixels are still kept. Those that show a flaw, or might, are left out: it
    would stand unlabelled beside the one that is put onto them."""
    found: dict[str, str] = {
        one.id: one.capture.source or one.id for one in ws.images.all(query) if one.capture.origin == Origin.REAL
    }
    for gone in ws.images.retired_among(list(found)):
        del found[gone]
    for image, said in ws.labels.current(list(found)).items():
        if said.label.verdict is not Verdict.GOOD:
            del found[image]
    if not found:
        raise BadInput(
            where="photographs", expected="real images without a flaw in the workspace", found="none that fit",
            way_out="`firstshift images list --origin real` shows them; files can be named instead",
        )  # fmt: skip
    return found


def _files(sources: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    for source in sources:
        if source.is_dir():
            for path in sorted(source.rglob("*")):
                if path.is_file() and not path.is_symlink() and is_image_name(path.name):
                    yield path, path.relative_to(source).as_posix()
        else:
            yield source, source.name

"""Folders and archives: nothing outside is read, nothing unpacks without bound, each refusal is one line."""

from __future__ import annotations

import io
import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from firstshift.core.errors import BadInput, NotFound
from firstshift.formats.outfolder import new_folder
from firstshift.formats.record import ReadOptions
from firstshift.formats.registry import detect_format, read_dataset
from firstshift.formats.tree import TreeLimits, open_tree, path_fault
from tests.formats.drawing import png


def zipped(path: Path, members: list[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def tarred(path: Path, members: list[tuple[str, bytes]], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


GOOD = [("good/1.png", png(1)), ("scratch/2.png", png(2))]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "wrapped.zip", "folder"])
def test_the_same_set_reads_the_same_from_anywhere(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"set.{kind}"
    if kind == "zip":
        zipped(path, GOOD)
    elif kind == "wrapped.zip":
        zipped(path, [(f"export-12/{name}", data) for name, data in GOOD] + [("__MACOSX/._x", b"")])
    elif kind == "folder":
        for name, data in GOOD:
            (path / name).parent.mkdir(parents=True)
            (path / name).write_bytes(data)
    else:
        tarred(path, GOOD, "w" if kind == "tar" else "w:gz")
    assert detect_format(path).format == "class_folders"
    with read_dataset(path) as reading:
        records = list(reading.records)
        assert [r.source for r in records] == ["good/1.png", "scratch/2.png"]
        assert [r.read_bytes() for r in records] == [png(1), png(2)]
    assert [r.label.classes for r in records if r.label] == [(), ("scratch",)]


BAD_NAMES = {
    "../escape.png": "leads out",
    "a/../../escape.png": "leads out",
    "/etc/escape.png": "absolute",
    "C:/escape.png": "absolute",
    "a\\b.png": "backslash",
    "a//b.png": "empty part",
    "bell\x07.png": "control",
}


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_that_lead_elsewhere_are_refused(name: str, pack: object, tmp_path: Path) -> None:
    path = tmp_path / ("a.zip" if pack is zipped else "a.tar.gz")
    (zipped if pack is zipped else tarred)(path, [*GOOD, (name, png())])
    with pytest.raises(BadInput, match=BAD_NAMES[name]) as caught, read_dataset(path, format_name="class_folders"):
        pass
    assert "\n" not in str(caught.value)
    with read_dataset(path, ReadOptions(on_problem="skip"), format_name="class_folders") as reading:
        assert [r.source for r in reading.records] == ["good/1.png", "scratch/2.png"]
        assert len(reading.problems) == 1


@pytest.mark.parametrize("target", ["/etc", "../outside", "good"])
def test_links_in_a_folder_are_refused_wherever_they_lead(target: str, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "good").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (folder / "good/1.png").write_bytes(png())
    (folder / "scratch").symlink_to(target)
    (folder / "good/2.png").symlink_to("1.png")
    with open_tree(folder) as tree:
        assert tree.files == ("good/1.png",)
        assert len(tree.problems) == 2
        assert all("symbolic link" in str(problem) for problem in tree.problems)


def test_a_file_swapped_for_a_link_after_listing_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "1.png").write_bytes(png())
    with open_tree(folder) as tree:
        (folder / "1.png").unlink()
        (folder / "1.png").symlink_to(tmp_path / "secret")
        with pytest.raises(BadInput):
            tree.read("1.png")


def test_links_devices_and_hard_links_in_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"x{int(kind)}.png")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    with open_tree(path) as tree:
        assert tree.files == ()
        assert len(tree.problems) == 4
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        link = zipfile.ZipInfo("x.png")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    with open_tree(path) as tree:
        assert tree.files == ()
        assert "symbolic link" in str(tree.problems[0])


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_kinds_of_packing_that_know_no_bound_are_refused(method: int, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as packed:
        packed.writestr("good/x.png", png())
    with open_tree(path) as tree:
        assert tree.files == ()
        assert "Deflate" in str(tree.problems[0])


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # zipfile warns while the fixture is made
def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    with open_tree(zipped(tmp_path / "a.zip", [("a.png", png(1)), ("a.png", png(2))])) as tree:
        assert tree.read("a.png") == png(1)
        assert "the same name twice" in str(tree.problems[0])


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    bad = os.path.join(os.fsencode(tmp_path / "set"), b"caf\xe9.png")  # noqa: PTH118 - a path of bytes
    with open(bad, "wb") as stream:  # noqa: PTH123
        stream.write(png())
    with open_tree(tmp_path / "set") as tree:
        assert tree.files == ()
        assert "not UTF-8" in str(tree.problems[0])
        assert str(tree.problems[0]).isprintable()
    # UTF-8 without the flag, as many packers write it, reads as what it was.
    data = bytearray(zipped(tmp_path / "a.zip", [("xxxx.png", png())]).read_bytes())
    (tmp_path / "a.zip").write_bytes(data.replace(b"xxxx", "äé".encode()))
    with open_tree(tmp_path / "a.zip") as tree:
        assert tree.files == ("äé.png",)
    (tmp_path / "b.zip").write_bytes(data.replace(b"xxxx", b"caf\xe9"))
    with open_tree(tmp_path / "b.zip") as tree:
        assert "not UTF-8" in str(tree.problems[0])


def test_members_that_unpack_to_far_too_much_are_refused(tmp_path: Path) -> None:
    zeros = b"\0" * (8 << 20)
    with open_tree(zipped(tmp_path / "a.zip", [*GOOD, ("zeros.png", zeros)])) as tree:
        assert "zeros.png" not in tree
        assert "unpack to" in str(tree.problems[0])
    packed = tarred(tmp_path / "a.tar.gz", [("zeros.png", zeros)])
    with pytest.raises(BadInput, match="once unpacked"), open_tree(packed, TreeLimits(max_ratio=10)):
        pass
    with pytest.raises(BadInput, match="at most"), open_tree(tmp_path / "a.zip", TreeLimits(max_files=1)):
        pass
    with pytest.raises(BadInput, match="at most"), open_tree(tmp_path / "a.zip", TreeLimits(max_total_bytes=50)):
        pass


def test_a_member_that_lies_about_its_size_is_not_read_past_the_limit(tmp_path: Path) -> None:
    with open_tree(zipped(tmp_path / "a.zip", [("x.txt", b"a" * 5000)])) as tree, pytest.raises(BadInput, match="more"):
        tree.read("x.txt", 4999)


def test_damaged_archives_and_missing_folders(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "a.zip", GOOD).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(tarred(tmp_path / "b.tar.gz", GOOD).read_bytes()[:-30])
    (tmp_path / "no.tar").write_bytes(b"not a tar at all" * 100)
    damaged = bytearray(whole)
    damaged[45] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(bytes(damaged))
    for name in ("cut.tar.gz", "no.tar"):
        with pytest.raises(BadInput, match="whole"), open_tree(tmp_path / name):
            pass
    with open_tree(tmp_path / "damaged.zip") as tree, pytest.raises(BadInput):
        [tree.read(name) for name in tree.files]
    with pytest.raises(NotFound), open_tree(tmp_path / "nowhere"):
        pass


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "a.zip", [("x.png", png())]).read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(bytes(data))
    with open_tree(tmp_path / "a.zip") as tree:
        assert "encrypted" in str(tree.problems[0])


@pytest.mark.parametrize("name", ["a.png", "a/b c/ü.png", "a..b.png", ".hidden/x.png"])
def test_ordinary_names_pass(name: str) -> None:
    assert path_fault(name) == ""


def test_an_archive_of_nothing_but_refused_members_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", [("../a.png", png(1)), ("../b.png", png(2))])
    with pytest.raises(BadInput, match=r"2 refused, the first \.\./a\.png: a path that leads out"):
        detect_format(path)


def test_what_a_killed_export_left_goes_with_the_next_one_and_nothing_else_does(tmp_path: Path) -> None:
    stale, young, busy, foreign = (
        tmp_path / name
        for name in (
            ".out.firstshift-partial-aaaa",
            ".out.firstshift-partial-bbbb",
            ".out.firstshift-partial-cccc",
            ".out.kept",
        )
    )
    for folder in (stale, young, busy, foreign):
        (folder / "images").mkdir(parents=True)
        (folder / "images" / "a.png").write_bytes(png(1))
    two_hours_ago_s = time.time() - 7200
    for place in (stale / "images", stale, busy, foreign / "images", foreign):
        os.utime(place, (two_hours_ago_s, two_hours_ago_s))
    with new_folder(tmp_path / "out") as out:
        out.write("b.png", png(2))
        partial = [path for path in tmp_path.iterdir() if path.name.startswith(".out.firstshift-partial-")]
        assert len(partial) == 3, "two that are young or busy, and this one"
    assert not stale.exists()
    assert all((folder / "images" / "a.png").is_file() for folder in (young, busy, foreign))

"""Whoever holds the database and the disk, but not the key, changes one thing: `verify_workspace` finds it.

The triggers are dropped first (an administrator can), then one event, row, head, checkpoint or blob is altered,
dropped, swapped or inserted. SQLite: every cell of every row. PostgreSQL: one crime of each kind and table.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstshift import Annotation, Label, Workspace
from firstshift.core.capture import Capture
from firstshift.core.hashing import canonical_json
from firstshift.core.label import Level
from firstshift.core.shapes import Box
from firstshift.ledger.chain import event_hash
from firstshift.ledger.tables import events, ledger_head
from firstshift.ledger.tags import Tag
from firstshift.store.audit import Anchor, Verification, verify_workspace
from firstshift.store.audit_export import export_events, read_anchor
from firstshift.store.kept_files import NewFile
from firstshift.store.rows import NewRow, record
from firstshift.store.tables import ROW_TABLES, label_classes, snapshot_items
from tests.pictures import png

TABLES = [events, ledger_head, *ROW_TABLES.values(), label_classes, snapshot_items]


def fill(ws: Workspace) -> None:
    """Every kind of row at least twice, and a checkpoint in the middle of the chain."""
    label = Label.defect(Annotation("scratch", Box(1, 2, 3, 4)), Annotation("dent"))
    ids = [ws.images.add(png(n), Capture(serial=str(n), confidence=0.5), label=label).id for n in range(6)]
    ws.labels.add(ids[0], Label.good(), level=Level.SENIOR, author="carla", reason="dust")
    ws.images.set_golden(ids[4:], True, reason="choice")
    ws.snapshots.create("train", dict.fromkeys(ids[:2], "train"))
    with ws.database.writing() as connection:
        ws.ledger.checkpoint(connection)
    ws.snapshots.create("judge", ids[3:5], purpose="evaluate")
    with ws.database.writing() as connection:
        for image in (ids[2],):
            values = {"image_id": image, "rule": "auto-passed 30 days", "at_us": 5}
            record(connection, ws.ledger, [NewRow("retirements", values, Tag.IMAGE_RETIRED, "system", {})])
    ws.kept_files.keep("1" * 64, [NewFile("plan", "plan.yaml", b"one"), NewFile("cad", "part.step", b"two")])
    ws.images.add(png(99), Capture(serial="last"))


def open_gates(ws: Workspace) -> None:
    """What an administrator of the database can do: triggers, foreign keys and checks out of the way."""
    with ws.database.engine.connect() as connection:
        if ws.database.is_sqlite:
            names = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in names:
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
        else:
            for table in TABLES:
                connection.execute(sa.text(f"ALTER TABLE {table.name} DISABLE TRIGGER ALL"))
                checks = connection.execute(
                    sa.text(
                        "SELECT conname FROM pg_constraint "
                        "WHERE conrelid = CAST(:t AS regclass) AND contype IN ('c', 'f')"
                    ),
                    {"t": table.name},
                )
                for name in checks.scalars().all():
                    connection.execute(sa.text(f"ALTER TABLE {table.name} DROP CONSTRAINT {name}"))
        connection.commit()


def force(ws: Workspace, statement: sa.Executable) -> None:
    if not ws.database.is_sqlite:
        with ws.database.engine.begin() as connection:
            connection.execute(statement)
        return
    with ws.database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute(statement)
        connection.commit()
        raw.execute("PRAGMA foreign_keys=ON")


def key_of(table: sa.Table, row: sa.Row[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == row._mapping[column.name] for column in table.primary_key.columns))


def rows_of(ws: Workspace, table: sa.Table) -> list[sa.Row[Any]]:
    with ws.database.reading() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)).all())


def altered(column: sa.Column[Any], value: Any) -> Any:
    """Another value that the column can hold."""
    if isinstance(column.type, sa.Boolean):
        return not value
    if isinstance(column.type, sa.Integer):
        return 1 if value is None else value + 100_000  # clear of every other key
    if isinstance(column.type, sa.Double):
        return 0.25 if value is None else value / 2
    if value is None:
        return "x"
    return value[:-1] + ("0" if value[-1:] != "0" else "1")


def test_a_blob_that_is_dug_up_meanwhile_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at what is buried and the look at what is not, another process may have needed it again."""
    with Workspace.create(tmp_path / "w") as ws:
        ws.images.add(png(1))
        monkeypatch.setattr(ws.blobs, "all", lambda: iter(()))
        assert verify_workspace(ws).problems == []


@dataclass
class Crime:
    name: str
    statements: list[sa.Executable]


def row_crimes(ws: Workspace) -> Iterator[Crime]:
    for table in TABLES:
        rows = rows_of(ws, table)
        for row in rows:
            here = key_of(table, row)
            yield Crime(f"drop {table.name} {row[0]}", [sa.delete(table).where(here)])
            for column in table.columns:
                if table is ledger_head and column.name in ("id", "frozen", "place"):  # switches, no evidence
                    continue
                value = altered(column, row._mapping[column.name])
                yield Crime(
                    f"alter {table.name}.{column.name} of {row[0]}",
                    [sa.update(table).where(here).values({column.name: value})],
                )
        yield from insertions(table, rows)
        yield from swaps(table, rows)


def insertions(table: sa.Table, rows: list[sa.Row[Any]]) -> Iterator[Crime]:
    if table is ledger_head:
        return
    forged = dict(rows[0]._mapping)
    for column in table.primary_key.columns:
        forged[column.name] = altered(column, forged[column.name]) if column.name != "seq" else 10_000
    if "event_seq" in forged:
        forged["event_seq"] = 10_000
    if "name" in forged:
        forged["name"] = "forged"
    if "version" in forged:
        forged["version"] = 99
    if "place" in forged:
        forged["place"] = 99
    yield Crime(f"insert into {table.name}", [sa.insert(table).values(**forged)])


def swaps(table: sa.Table, rows: list[sa.Row[Any]]) -> Iterator[Crime]:
    """Two neighbours exchange everything but their keys."""
    unique = {"event_seq", "name", "place"} | {c.name for c in table.primary_key.columns}
    columns = [c.name for c in table.columns if c.name not in unique]
    for one, other in itertools.pairwise(rows):
        if all(one._mapping[c] == other._mapping[c] for c in columns):
            continue
        if table.name == "labels" and one.image_id == other.image_id:
            continue
        park = {"image_id": "parked"} if table.name == "labels" else {}
        steps: list[sa.Executable] = [sa.update(table).where(key_of(table, one)).values(**park)] if park else []
        for target, source in ((other, one), (one, other)):
            values = {c: source._mapping[c] for c in columns}
            steps.append(sa.update(table).where(key_of(table, target)).values(**values))
        yield Crime(f"swap {table.name} {one[0]} and {other[0]}", steps)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pristine") / "w"
    with Workspace.create(folder) as ws:
        fill(ws)
        assert not any("triggers" in note for note in verify_workspace(ws).notes)
        open_gates(ws)
        opened = verify_workspace(ws)
        assert opened.problems == []
        assert any("no longer refuses changes" in note for note in opened.notes)
        with ws.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


def verified_after(pristine: Path, place: Path, crime: Crime) -> Verification:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for entry in pristine.iterdir():  # rows are what changes: blobs and keys are only looked at
        if entry.name == "firstshift.db":
            shutil.copy(entry, place)
        elif entry.name in ("blobs", "keys", "firstshift.toml"):
            (place / entry.name).symlink_to(entry)
    with Workspace.open(place) as ws:
        for statement in crime.statements:
            force(ws, statement)
        return verify_workspace(ws, quick=True)


def test_every_cell_of_every_row(pristine: Path, tmp_path: Path) -> None:
    with Workspace.open(pristine) as ws:
        crimes = list(row_crimes(ws))
    assert len(crimes) > 500
    unnoticed = [c.name for c in crimes if verified_after(pristine, tmp_path / "w", c).is_intact]
    assert unnoticed == []


def test_what_sqlite_lets_into_a_column(pristine: Path, tmp_path: Path) -> None:
    """Any type fits any column there, and none of it may end the verification before it says what is wrong."""
    every = "at_us, tag, actor, body, previous, hash"
    crimes = {
        "event 0": f"INSERT INTO events SELECT 0, {every} FROM events WHERE seq = 2",
        "event -5": f"INSERT INTO events SELECT -5, {every} FROM events WHERE seq = 2",
        "event abc": f"INSERT INTO events SELECT 'abc', {every} FROM events WHERE seq = 2",
        "event 2.5": f"INSERT INTO events SELECT 2.5, {every} FROM events WHERE seq = 2",
        "event 3": "UPDATE events SET body = CAST(body AS BLOB) WHERE seq = 3",
        "event 4": "UPDATE events SET at_us = 'noon' WHERE seq = 4",
        "event 5": """UPDATE events SET body = '{"row": {"table": []}}' WHERE seq = 5""",
        "event 6": f"UPDATE events SET body = '{'[' * 100_000}' WHERE seq = 6",
        "ledger head": "UPDATE ledger_head SET seq = 'last'",
        "ledger head: its": "UPDATE ledger_head SET signature = CAST(signature AS BLOB)",
        "ledger head: the": "INSERT INTO ledger_head SELECT 2, seq, hash, signature, frozen, place FROM ledger_head",
        "image img_": "UPDATE images SET serial = CAST(serial AS BLOB)",
        "image img_ ": "UPDATE images SET confidence = 9e999",
        "image img_  ": "UPDATE images SET event_seq = 'abc' WHERE event_seq = (SELECT min(event_seq) FROM images)",
        "image img_   ": "UPDATE images SET event_seq = -9223372036854775808 WHERE serial = '1'",
        "label lab_": "UPDATE labels SET body = CAST(body AS BLOB)",
        "snapshot snp_": "UPDATE snapshots SET manifest = CAST(manifest AS BLOB)",
    }
    for named, statement in crimes.items():
        result = verified_after(pristine, tmp_path / "w", Crime(named, [sa.text(statement.replace(":", r"\:"))]))
        assert str(result.first_problem).startswith(named.rstrip()), statement[:80]


def test_the_first_bad_event_is_named(pristine: Path, tmp_path: Path) -> None:
    change = sa.update(events).where(events.c.seq == 7).values(actor="human:mallory")
    result = verified_after(pristine, tmp_path / "w", Crime("alter", [change]))
    assert str(result.first_problem).startswith("event 7: was altered")
    gone = verified_after(pristine, tmp_path / "w", Crime("drop", [sa.delete(events).where(events.c.seq == 7)]))
    assert str(gone.first_problem).startswith("event 7: 1 event(s) from here to event 7 are missing")


def test_a_chain_computed_anew_without_the_key(pristine: Path, tmp_path: Path) -> None:
    """The strongest forger: alters an event, then every hash after it, and the head. Only the key stops this."""
    with Workspace.open(pristine) as ws:
        chain = rows_of(ws, events)
    statements: list[sa.Executable] = []
    previous = chain[1].hash
    for row in chain[2:]:
        actor = "human:mallory" if row.seq == 3 else row.actor
        new = event_hash(previous, row.seq, row.at_us, row.tag, actor, row.body)
        values = {"actor": actor, "previous": previous, "hash": new}
        statements.append(sa.update(events).where(events.c.seq == row.seq).values(**values))
        previous = new
    statements.append(sa.update(ledger_head).values(hash=previous))
    result = verified_after(pristine, tmp_path / "w", Crime("rewrite", statements))
    findings = " ".join(map(str, result.problems))
    assert "a checkpoint whose signature is not by this workspace's key" in findings
    assert "ledger head: its signature" in findings


def test_a_tail_cut_with_its_rows(pristine: Path, tmp_path: Path) -> None:
    """The last event and its row go together; the signed head remembers."""
    with Workspace.open(pristine) as ws:
        last = rows_of(ws, events)[-1]
    image = json.loads(last.body)["row"]["key"]
    table = ROW_TABLES["images"]
    crime = Crime(
        "cut", [sa.delete(table).where(table.c.id == image), sa.delete(events).where(events.c.seq == last.seq)]
    )
    assert "the head says" in str(verified_after(pristine, tmp_path / "w", crime).first_problem)


def test_a_whole_older_state_is_found_by_an_anchor(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w") as ws:
        ws.images.add(png(1))
        with ws.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    older = (tmp_path / "w" / "firstshift.db").read_bytes()
    with Workspace.open(tmp_path / "w") as ws:
        ws.images.add(png(2))
        with ws.database.reading() as connection:
            head = ws.ledger.head(connection)
        assert verify_workspace(ws, anchor=Anchor(head.seq, head.hash)).is_intact
    for name in ("firstshift.db-wal", "firstshift.db-shm"):
        (tmp_path / "w" / name).unlink(missing_ok=True)
    (tmp_path / "w" / "firstshift.db").write_bytes(older)
    with Workspace.open(tmp_path / "w") as ws:
        assert verify_workspace(ws).is_intact  # whole and signed: nothing inside can tell
        result = verify_workspace(ws, anchor=Anchor(head.seq, head.hash))
    assert "later events were cut off" in str(result.first_problem)


def test_an_anchor_of_another_workspace_says_so(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "other") as other:
        (tmp_path / "kept.jsonl").write_text("\n".join(export_events(other)))
    anchor = read_anchor(tmp_path / "kept.jsonl")
    with Workspace.create(tmp_path / "w") as ws:
        result = verify_workspace(ws, anchor=anchor)
        assert "from another workspace" in str(result.first_problem)
        assert str(anchor.workspace) in str(result.first_problem)
    with Workspace.open(tmp_path / "other") as other:
        assert verify_workspace(other, anchor=anchor).is_intact


BLOB_CRIMES = ["alter", "truncate", "drop", "swap", "insert", "insert false name"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(crime=st.sampled_from(BLOB_CRIMES), which=st.integers(0, 10_000), at=st.integers(0, 10_000))
def test_blobs(pristine: Path, tmp_path: Path, crime: str, which: int, at: int) -> None:
    place = tmp_path / "w"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(pristine, place)
    blobs = sorted(p for p in (place / "blobs").rglob("*") if p.is_file() and p.name != "workspace")
    with Workspace.open(place) as ws:
        retired = {r.content for r in ws.images.all() if r.capture.serial == "2"}
        victim, other = blobs[which % len(blobs)], blobs[(which + 1) % len(blobs)]
        named = commit_blob_crime(crime, victim, other, at)
        result = verify_workspace(ws)
    if crime == "drop" and victim.name in retired:
        return  # its pixels were given up by rule; nothing is missing
    found = [str(p) for p in result.problems] + (result.notes if crime == "insert" else [])
    assert any(named in text for text in found), (crime, named, found)


def commit_blob_crime(crime: str, victim: Path, other: Path, at: int) -> str:
    data = victim.read_bytes()
    if crime == "alter":
        at %= len(data)
        victim.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    elif crime == "truncate":
        victim.write_bytes(data[: at % len(data)])
    elif crime == "drop":
        victim.unlink()
    elif crime == "swap":
        victim.write_bytes(other.read_bytes())
        other.write_bytes(data)
    elif crime == "insert":  # a true blob that no record needs: told, and gc takes it
        from firstshift.store.blobs import LocalBlobs

        return LocalBlobs(victim.parents[1]).put(os.urandom(50))
    else:
        forged = victim.with_name("0" * 64 if victim.name[:2] == "00" else victim.name[:2] + "0" * 62)
        forged.write_bytes(b"forged")
        return forged.name
    return victim.name


@pytest.mark.postgres
def test_on_postgresql_too(postgres_url: str, tmp_path: Path) -> None:
    """One crime of each kind and table, each undone by putting the table's rows back."""
    with Workspace.create(tmp_path / "w", database_url=postgres_url) as ws:
        fill(ws)
        assert not any("triggers" in note for note in verify_workspace(ws).notes)
        open_gates(ws)
        assert any("no longer refuses changes" in note for note in verify_workspace(ws).notes)
        seen: set[tuple[str, str]] = set()
        unnoticed = []
        for crime in list(row_crimes(ws)):
            kind = (crime.name.split(" ")[0], crime.name.split(" ")[1] if " " in crime.name else "")
            if kind in seen:
                continue
            seen.add(kind)
            table = next(t for t in TABLES if t.name in crime.name.replace(".", " ").split(" "))
            kept = [dict(row._mapping) for row in rows_of(ws, table)]
            for statement in crime.statements:
                force(ws, statement)
            if verify_workspace(ws, quick=True).is_intact:
                unnoticed.append(crime.name)
            force(ws, sa.delete(table))
            for row in kept:
                force(ws, sa.insert(table).values(**row))
        assert unnoticed == []
        assert len(seen) > 90
        assert verify_workspace(ws).problems == []


def test_the_event_says_what_the_row_says(pristine: Path) -> None:
    """The hash in the event is of the row as it stands in the database, not of something like it."""
    from firstshift.core.hashing import content_hash

    with Workspace.open(pristine) as ws:
        row = rows_of(ws, ROW_TABLES["retirements"])[0]
        event = next(e for e in rows_of(ws, events) if e.seq == row.event_seq)
    plain = canonical_json({"image_id": row.image_id, "rule": row.rule, "at_us": row.at_us})
    assert json.loads(event.body)["row"]["hash"] == content_hash(plain.encode())

"""One chain, whoever writes; signed; nothing in it can be changed through the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from firstshift import Workspace
from firstshift.core.errors import BadInput, NotFound, Refused, Tampered
from firstshift.ledger.chain import checkpoint_message, event_hash
from firstshift.ledger.keys import create_signing_key, is_signed, load_signing_key
from firstshift.ledger.ledger import CHECKPOINT_EVERY, Draft
from firstshift.ledger.tags import Tag
from firstshift.ledger.verify import ChainState, head_problem, walk

NOTE = Draft(Tag.WORKSPACE_MOVED, "human:anna", {"to": "here"})


def chain_of(ws: Workspace) -> ChainState:
    state = ChainState()
    with ws.database.reading() as connection:
        for _ in walk(ws.ledger.events(connection), ws.settings.public_key, state):
            pass
        if (problem := head_problem(ws.ledger.head(connection), state, ws.settings.public_key)) is not None:
            state.problems.append(problem)
    return state


def test_concurrent_writers_keep_one_chain(database_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=database_url) as ws:

        def write(number: int) -> None:
            with ws.database.writing() as connection:
                ws.ledger.append(connection, [Draft(NOTE.tag, f"human:{number}", {"n": number})] * (1 + number % 3))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(120)))
        state = chain_of(ws)
    assert state.problems == []
    assert state.seq == 1 + sum(1 + n % 3 for n in range(120))


def test_checkpoints_fall_due_and_are_signed(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w") as ws:
        with ws.database.writing() as connection:
            numbers = ws.ledger.append(connection, [NOTE] * (2 * CHECKPOINT_EVERY))
        with ws.database.reading() as connection:
            due = ws.ledger.log(connection, tag=Tag.LEDGER_CHECKPOINTED)
        state = chain_of(ws)
    assert [event.seq for event in due] == [2 * CHECKPOINT_EVERY, CHECKPOINT_EVERY]
    assert not set(numbers) & {event.seq for event in due}
    assert (state.problems, state.checkpoints) == ([], 2)


def test_a_checkpoint_on_demand(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w") as ws:
        with ws.database.writing() as connection:
            ws.ledger.append(connection, [NOTE])
            seq = ws.ledger.checkpoint(connection)
        assert seq == 3
        assert chain_of(ws).checkpoints == 1


def test_a_failed_block_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w", database_url=database_url) as ws:

        def fail_half_way() -> None:
            with ws.database.writing() as connection:
                ws.ledger.append(connection, [NOTE])
                raise RuntimeError("power cut")

        with pytest.raises(RuntimeError):
            fail_half_way()
        assert chain_of(ws).seq == 1


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'x'", "DELETE FROM events", "DELETE FROM images"])
def test_the_database_refuses_to_rewrite(database_url: str, tmp_path: Path, statement: str) -> None:
    from tests.pictures import jpeg

    with Workspace.create(tmp_path / "w", database_url=database_url) as ws:
        ws.images.add(jpeg(1))
        with pytest.raises(Refused, match="written once"), ws.database.writing() as connection:
            connection.execute(sa.text(statement))
        assert chain_of(ws).problems == []


@pytest.mark.postgres
def test_truncate_is_refused_too(postgres_url: str, tmp_path: Path) -> None:
    with (
        Workspace.create(tmp_path / "w", database_url=postgres_url) as ws,
        pytest.raises(Refused, match="written once"),
        ws.database.writing() as connection,
    ):
        connection.execute(sa.text("TRUNCATE events CASCADE"))


def test_a_frozen_ledger_takes_nothing(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "w") as ws:
        with ws.database.writing() as connection:
            ws.ledger.freeze(connection, "moved to the plant server")
        with pytest.raises(Refused, match="moved to the plant server"), ws.database.writing() as connection:
            ws.ledger.append(connection, [NOTE])


def test_without_the_key_it_is_read_only(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "w").close()
    (tmp_path / "w" / "keys" / "ledger.pem").rename(tmp_path / "elsewhere.pem")
    with Workspace.open(tmp_path / "w") as ws:
        assert not ws.is_writable
        assert chain_of(ws).problems == []
        with pytest.raises(Refused, match="for reading only"), ws.database.writing() as connection:
            ws.ledger.append(connection, [NOTE])


def test_another_key_is_noticed(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "w").close()
    (tmp_path / "w" / "keys" / "ledger.pem").unlink()
    create_signing_key(tmp_path / "w" / "keys" / "ledger.pem")
    with pytest.raises(Tampered, match="not the one this workspace was started with"):
        Workspace.open(tmp_path / "w")


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "k.pem"
    key = create_signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signing_key(path).public_hex == key.public_hex
    assert "PRIVATE" not in repr(key)
    with pytest.raises(FileExistsError):
        create_signing_key(path)
    with pytest.raises(NotFound, match="put it back from the backup"):
        load_signing_key(tmp_path / "none.pem")
    path.write_text("rubbish")
    with pytest.raises(BadInput, match="Ed25519"):
        load_signing_key(path)


def test_signatures_bind_number_and_hash(tmp_path: Path) -> None:
    key = create_signing_key(tmp_path / "k.pem")
    signature = key.sign(checkpoint_message(7, "ab"))
    assert is_signed(checkpoint_message(7, "ab"), signature, key.public_hex)
    assert not is_signed(checkpoint_message(8, "ab"), signature, key.public_hex)
    assert not is_signed(checkpoint_message(7, "ab"), "zz", key.public_hex)


TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8)


@given(st.tuples(st.integers(0, 99), TEXT, TEXT), st.tuples(st.integers(0, 99), TEXT, TEXT))
def test_no_two_events_share_a_hash_by_shifting_text(one: tuple[int, str, str], other: tuple[int, str, str]) -> None:
    def hashed(event: tuple[int, str, str]) -> str:
        return event_hash("0" * 64, event[0], 0, event[1], event[2], "{}")

    assert (hashed(one) == hashed(other)) == (one == other)


@pytest.mark.parametrize("actor", ["", "two\nlines", "x" * 201])
def test_actors_are_one_readable_line(tmp_path: Path, actor: str) -> None:
    with (
        Workspace.create(tmp_path / "w") as ws,
        pytest.raises(BadInput, match="actor"),
        ws.database.writing() as connection,
    ):
        ws.ledger.append(connection, [Draft(NOTE.tag, actor, {})])

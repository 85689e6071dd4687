from collections.abc import Iterator
from pathlib import Path

import pytest

from firsthand.storage import delivery, doubts, transaction
from firsthand.storage.journal import SqlJournal

from .oracle import Scene
from .proxy import Proxy
from .server import Server


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """A server of the tests of this folder, which they stop and start."""
    started = Server()
    yield started
    started.remove()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody waits long, and what is kept in files is kept in the test's folder."""
    monkeypatch.setattr(transaction, "PATIENCE", 0.5)
    monkeypatch.setattr(doubts, "PATIENCE", 0.5)
    monkeypatch.setattr(delivery, "RETRY", 0.5)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def database(server: Server) -> str:
    """A new database of the server."""
    return server.fresh()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy before the server."""
    opened = Proxy("127.0.0.1", server.port)
    yield opened
    opened.close()


@pytest.fixture
def direct(server: Server, database: str) -> Iterator[SqlJournal]:
    """The journal as it is reached without the proxy, to be looked at."""
    journal = SqlJournal(server.url(database))
    yield journal
    journal.close()


@pytest.fixture
def scene(server: Server, proxy: Proxy, database: str, tmp_path: Path) -> Iterator[Scene]:
    """A desk whose journal is reached by way of the proxy."""
    made = Scene(tmp_path, server.url(database, proxy.port))
    yield made
    proxy.heal()
    made.journal.close()

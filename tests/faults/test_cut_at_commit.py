"""The connection is cut at a commit: what became of it is found out, and nothing is recorded or performed twice."""

import threading
import time

import pytest

from firsthand.storage import doubts, transaction
from firsthand.storage.journal import SqlJournal
from firsthand.storage.queue import Queue

from .oracle import Scene
from .proxy import Cut, Proxy
from .server import Server

AT = {
    "the intent": ("account.touch", "'account.touch'", 1),
    "performing": ("account.touch", "'performing'", 1),
    "performing alone": ("account.alone", "COMMIT", 1),
    "the outcome": ("account.touch", "'succeeded'", 1),
}
"""At which commit of a run of which action, by a text that is in its statement, and the how manieth such it is."""

each_commit = pytest.mark.parametrize("at", AT)
each_way = pytest.mark.parametrize("when", ["before", "after"])


@each_commit
@each_way
def test_a_run_succeeds_once_wherever_its_connection_is_cut(
    scene: Scene, proxy: Proxy, direct: SqlJournal, at: str, when: Cut
) -> None:
    action, needle, nth = AT[at]
    proxy.cut(needle, when, nth=nth)
    run = scene.perform(action)
    assert proxy.cuts == 1
    assert run
    assert run.status == "succeeded"
    assert len(scene.effects()) == 1
    assert direct.history.last_run() == direct.database.read("SELECT count(*) FROM runs")[0][0] or when == "before"
    assert [event.kind for event in direct.history.events(run.id)] == ["recorded", "performing", "succeeded"]
    assert list(scene.wrong(direct)) == []


@each_way
def test_what_is_sent_under_a_key_is_one_run_though_its_answer_is_lost(
    scene: Scene, proxy: Proxy, direct: SqlJournal, when: Cut
) -> None:
    proxy.cut("COMMIT", when)
    first, second = scene.perform(once="k"), scene.perform(once="k")
    assert proxy.cuts == 1
    assert first
    assert second
    assert first.id == second.id
    assert len(scene.effects()) == 1
    assert direct.database.read("SELECT count(*) FROM runs") == [(1,)]


@each_commit
@each_way
def test_a_run_that_cannot_be_found_out_about_is_settled_when_the_server_is_there_again(
    scene: Scene, proxy: Proxy, direct: SqlJournal, at: str, when: Cut
) -> None:
    """The living process itself settles it: it knows what it did not perform, and what it did."""
    action, needle, nth = AT[at]
    proxy.cut(needle, when, nth=nth, then_refuse=True)
    run = scene.perform(action)
    assert proxy.cuts == 1
    assert len(scene.effects()) == (1 if at == "the outcome" else 0)
    assert run is None or (at, run.status) == ("the outcome", "succeeded")
    proxy.heal()
    scene.settled()
    [*statuses] = direct.database.read("SELECT status FROM runs")
    assert statuses in (
        [("succeeded",)] if at == "the outcome" else [("failed",)],
        [] if "intent" in at else [("failed",)],
    )
    assert list(scene.wrong(direct)) == []


def test_what_is_told_then_is_true(scene: Scene, proxy: Proxy) -> None:
    proxy.cut("'account.touch'", "after", then_refuse=True)
    assert scene.perform() is None
    [said] = scene.unavailable
    assert "could not be found out whether that is on record" in said
    assert "Nothing was performed" not in said


SLOW = """CREATE FUNCTION firsthand.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_sleep(0.7); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.kind = '{}') EXECUTE FUNCTION firsthand.slow()"""


@pytest.mark.parametrize(
    ("kind", "needle"), [("recorded", "'account.touch'"), ("performing", "'performing'"), ("succeeded", "'succeeded'")]
)
def test_a_commit_that_is_still_in_progress_is_waited_for(
    scene: Scene, proxy: Proxy, direct: SqlJournal, monkeypatch: pytest.MonkeyPatch, kind: str, needle: str
) -> None:
    monkeypatch.setattr(transaction, "PATIENCE", 5.0)
    monkeypatch.setattr(doubts, "PATIENCE", 5.0)
    direct.database.write(lambda connection: connection.execute(SLOW.format(kind), None))
    proxy.cut(needle, "while")
    run = scene.perform()
    assert proxy.cuts == 1
    assert run
    assert [event.kind for event in direct.history.events(run.id)] == ["recorded", "performing", "succeeded"]
    assert direct.database.read("SELECT count(*) FROM runs") == [(1,)]
    assert list(scene.wrong(direct)) == []


@each_way
def test_a_claim_whose_answer_is_lost_is_ours_or_is_free(
    scene: Scene, proxy: Proxy, direct: SqlJournal, when: Cut
) -> None:
    run = scene.perform(background=True)
    assert run
    queue, process = Queue(scene.journal), scene.journal.process
    proxy.cut("COMMIT", when)
    [claimed] = queue.claim(process, 1, now=2**60, desk="Faults")
    assert proxy.cuts == 1
    assert (claimed.id, claimed.fence) == (run.id, 1)
    assert direct.database.read("SELECT process, fence FROM runs") == [(process, 1)]
    assert queue.let_go(claimed)
    proxy.cut("COMMIT", when, then_refuse=True)
    with pytest.raises(Exception, match="could not be found out"):
        queue.claim(process, 1, now=2**60, desk="Faults")
    proxy.heal()
    scene.settled()
    assert direct.database.read("SELECT process FROM runs") == [(None,)]


@each_way
@pytest.mark.parametrize("once", [None, "k"])
def test_after_a_crash_of_the_server_it_is_told_from_the_record(
    scene: Scene,
    proxy: Proxy,
    server: Server,
    direct: SqlJournal,
    monkeypatch: pytest.MonkeyPatch,
    when: Cut,
    once: str | None,
) -> None:
    """The number of a transaction may be given again then, so what it would have recorded is looked for."""
    monkeypatch.setattr(transaction, "PATIENCE", 15.0)
    monkeypatch.setattr(doubts, "PATIENCE", 15.0)
    proxy.cut("COMMIT" if once else "'account.touch'", when, then_refuse=True)

    def crash() -> None:
        while not proxy.cuts:
            time.sleep(0.01)
        time.sleep(0.2)
        server.stop("immediate")
        server.start()
        for _ in range(5):
            server.execute("SELECT pg_current_xact_id()", direct.url.rpartition("/")[2])
        proxy.heal()

    crashing = threading.Thread(target=crash)
    crashing.start()
    run = scene.perform(once=once)
    crashing.join()
    assert run
    assert run.status == "succeeded"
    assert direct.database.read("SELECT count(*) FROM runs") == [(1,)]
    assert list(scene.wrong(direct)) == []

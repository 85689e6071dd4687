"""Importing past support work: whole, once, whatever stops it; what cannot be taken is told."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firsthand.core.errors import FirsthandError
from firsthand.core.runs import Subject, microseconds
from firsthand.followers.tally import Tally
from firsthand.insights.counts import counts
from firsthand.storage import imports
from firsthand.storage.imports import Imported, Mapping, RowError, import_log, when
from firsthand.storage.journal import SqlJournal

from ..databases import SQLITE, kind, url

__all__ = ["kind"]

HEADER = "id,who,what,customer,when"
MAPPING = Mapping(actor="who", action="what", subject="account:customer", at="when")
DATA = Path(os.environ.get("FIRSTHAND_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
HELPDESK = DATA / "helpdesk.csv"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqlJournal]:
    """A journal of its own."""
    opened = SqlJournal(url(tmp_path))
    yield opened
    opened.close()


def log(folder: Path, *rows: str, header: str = HEADER, ending: str = "\n") -> Path:
    path = folder / "log.csv"
    path.write_bytes(ending.join([header, *rows, ""]).encode("utf-8", "surrogateescape"))
    return path


def take(journal: SqlJournal, path: Path, mapping: Mapping = MAPPING) -> Imported:
    return import_log(journal, path, mapping, by="root")


def runs(journal: SqlJournal) -> int:
    return int(journal.database.read("SELECT count(*) FROM runs")[0][0])


def rejected(result: Imported) -> list[list[str]]:
    assert result.rejects
    with result.rejects.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.reader(file))


def reason(journal: SqlJournal, path: Path, mapping: Mapping = MAPPING) -> str:
    """Return why the only row of a log was rejected."""
    result = take(journal, path, mapping)
    assert (result.taken, result.rejected) == (0, 1)
    return rejected(result)[1][-1]


def test_a_row_becomes_a_run_as_it_is_written(journal: SqlJournal, tmp_path: Path) -> None:
    path = log(tmp_path, "7, Priya ,Unlock it,Value 22,2012/10/09 14:50:17.000")
    assert take(journal, path) == Imported(1, 0, 0, None)
    run = journal.run(1)
    assert run
    assert (run.actor, run.action, run.surface, run.status) == (" Priya ", "Unlock it", "import", "succeeded")
    assert run.subjects == (Subject("account", "Value 22"),)
    assert run.at == run.ended_at == datetime(2012, 10, 9, 14, 50, 17, tzinfo=UTC)
    assert (run.reason, run.notes, run.requested_by, run.tags, run.process) == (None, None, None, (), None)


def test_everything_may_be_mapped(journal: SqlJournal, tmp_path: Path) -> None:
    header = "who,what,customer,when,how,why,text,for,team,tier"
    path = log(
        tmp_path, "p,a,1,2012-10-09,Failed,fraud,Hello,luis,red,red", "p,a,1,2012-10-09,REFUSED,,,,,gold", header=header
    )
    mapping = Mapping("who", "what", "account:customer", "when", "UTC", "how", "why", "text", "for", ("team", "tier"))
    assert take(journal, path, mapping).taken == 2
    first, second = journal.run(1), journal.run(2)
    assert first
    assert second
    assert (first.status, first.reason, first.notes, first.requested_by) == ("failed", "fraud", "Hello", "luis")
    assert (first.tags, second.tags) == (("red",), ("gold",))
    assert (second.status, second.reason, second.notes, second.requested_by) == ("refused", None, None, None)


def test_each_run_has_one_event_from_which_it_can_be_rebuilt(journal: SqlJournal, tmp_path: Path) -> None:
    take(journal, log(tmp_path, "7,p,a,1,2012-10-09"))
    (event,) = journal.history.events(1)
    assert (event.kind, event.actor) == ("imported", "system:root")
    run = journal.run(1)
    assert run
    at = microseconds(run.at)
    known = {"action": "a", "actor": "p", "status": "succeeded", "surface": "import", "environment": "", "desk": ""}
    subject = {"kind": "account", "id": "1", "label": "", "traits": {}}
    assert event.data == known | {"at": at, "ended_at": at, "subjects": [subject]}
    ((data,),) = journal.database.read("SELECT data FROM events WHERE kind = 'imported'")
    assert data == json.dumps(event.data, separators=(",", ":"))


def test_an_imported_run_stands_in_its_subjects_history(journal: SqlJournal, tmp_path: Path) -> None:
    take(journal, log(tmp_path, "7,p,a,1,2012-10-09", "8,p,a,2,2012-10-10"))
    assert journal.database.read("SELECT subject, run FROM run_subjects") == [("account:1", 1), ("account:2", 2)]


def test_no_people_and_no_catalogue_come_of_an_import(journal: SqlJournal, tmp_path: Path) -> None:
    take(journal, log(tmp_path, "7,p,a,1,2012-10-09"))
    assert journal.people.all() == []
    assert list(journal.history.catalogue()) == []


def test_rows_that_repeat_another_all_count(journal: SqlJournal, tmp_path: Path) -> None:
    path = log(tmp_path, *["7,p,a,1,2012-10-09"] * 3, "8,p,a,1,2012-10-09")
    assert take(journal, path).taken == 4
    assert take(journal, path) == Imported(0, 4, 0, None)
    path = log(tmp_path, *["7,p,a,1,2012-10-09"] * 5)
    assert take(journal, path) == Imported(2, 3, 0, None)
    assert runs(journal) == 6


def test_a_log_that_has_grown_gives_only_what_is_new(journal: SqlJournal, tmp_path: Path) -> None:
    assert take(journal, log(tmp_path, "7,p,a,1,2012-10-09")).taken == 1
    assert take(journal, log(tmp_path, "6,p,a,1,2012-10-08", "7,p,a,1,2012-10-09")) == Imported(1, 1, 0, None)


def test_cells_that_only_look_alike_when_joined_are_not_equal(journal: SqlJournal, tmp_path: Path) -> None:
    assert take(journal, log(tmp_path, '"7,x",p,a,1,2012-10-09', '7,"x,p",a,1,2012-10-09')).taken == 2


def test_two_imports_of_the_same_rows_at_once_take_each_row_once(journal: SqlJournal, tmp_path: Path) -> None:
    path = log(tmp_path, "7,p,a,1,2012-10-09")
    taking = imports.Taking(journal, "root")
    columns = imports.Columns(HEADER.split(","), MAPPING)
    row = columns.row(["7", "p", "a", "1", "2012-10-09"], b"digest")
    assert journal.database.write(lambda connection: taking.insert(connection, [row])) == 1
    assert journal.database.write(lambda connection: taking.insert(connection, [row])) == 0
    assert take(journal, path).taken == 1


# What cannot be taken


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("7,,a,1,2012-10-09", "Its actor is missing."),
        ("7,p,  ,1,2012-10-09", "Its action is missing."),
        ("7,p,a,,2012-10-09", "Its subject is missing."),
        ("7,p,a,1,", "Its time '' cannot be read"),
        ("7,p,a,1,09/10/2012", "Its time '09/10/2012' cannot be read"),
        ("7,p,a,1,2012-02-30", "Its time '2012-02-30' cannot be read"),
        ("7,p,a,1,1969-12-31", "is before 1970"),
        (f"7,p,{'a' * 201},1,2012-10-09", "Its action has 201 characters; 200 is the most."),
        (f"7,{'p' * 201},a,1,2012-10-09", "Its actor has 201 characters; 200 is the most."),
        ("7,p,a\0,1,2012-10-09", "It contains a NUL character."),
        ("7,p,a\udcff,1,2012-10-09", "It is not UTF-8 text."),
        ("7,p,a,1", "It has 4 cells where the header has 5."),
        ("7,p,a,1,2012-10-09,x", "It has 6 cells where the header has 5."),
        (f"7,p,a,1,{'x' * 140_000}", "cannot be read"),
    ],
)
def test_a_row_that_cannot_be_taken_is_put_aside_with_the_reason(
    journal: SqlJournal, tmp_path: Path, row: str, why: str
) -> None:
    result = take(journal, log(tmp_path, "6,p,a,1,2012-10-09", row, "8,p,a,1,2012-10-09"))
    assert (result.taken, result.there, result.rejected) == (2, 0, 1)
    assert result.rejects == tmp_path / "log.rejected.csv"
    header, aside = rejected(result)
    assert header == [*HEADER.split(","), "line", "rejected because"]
    assert aside[-2] == "3"
    assert why in aside[-1]


def test_an_outcome_that_is_none_is_put_aside(journal: SqlJournal, tmp_path: Path) -> None:
    mapping = Mapping("who", "what", "account:customer", "when", outcome="id")
    assert reason(journal, log(tmp_path, "done,p,a,1,2012-10-09"), mapping).startswith("Its outcome is not one of succ")
    assert reason(journal, log(tmp_path, ",p,a,1,2012-10-09"), mapping) == "Its outcome is missing."


def test_notes_that_are_too_long_are_put_aside(journal: SqlJournal, tmp_path: Path) -> None:
    mapping = Mapping("who", "what", "account:customer", "when", notes="id")
    assert "10,000 is the most" in reason(journal, log(tmp_path, f"{'x' * 10_001},p,a,1,2012-10-09"), mapping)


def test_rejected_rows_are_written_byte_for_byte_and_can_be_put_right(journal: SqlJournal, tmp_path: Path) -> None:
    result = take(journal, log(tmp_path, '7,"p,\udcff",a,1,2012-10-09'))
    assert result.rejects
    mended = tmp_path / "mended.csv"
    mended.write_bytes(result.rejects.read_bytes().replace(b"\xff", b"!"))
    assert take(journal, mended).taken == 1
    run = journal.run(1)
    assert run
    assert run.actor == "p,!"


def test_the_line_of_a_rejected_row_is_its_first(journal: SqlJournal, tmp_path: Path) -> None:
    result = take(journal, log(tmp_path, '"a\nb",p,a,1,2012-10-09', '"a\nb",p,a,1,never', "", "8,p,a,1,never"))
    assert [row[-2] for row in rejected(result)[1:]] == ["4", "7"]


def test_where_rejected_rows_have_no_place_it_is_said(journal: SqlJournal, tmp_path: Path) -> None:
    path = log(tmp_path, "7,p,a,1,never")
    (tmp_path / "log.rejected.csv").mkdir()
    with pytest.raises(FirsthandError, match="Copy the log into a folder of yours"):
        take(journal, path)


# The file


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_and_a_mark_at_the_start_are_read(journal: SqlJournal, tmp_path: Path, ending: str) -> None:
    path = log(tmp_path, "7,p,a,1,2012-10-09", header=f"\ufeff{HEADER}", ending=ending)
    assert take(journal, path, Mapping("who", "what", "account:id", "when")).taken == 1


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_separator_other_than_the_comma_is_told_by_the_header(
    journal: SqlJournal, tmp_path: Path, separator: str
) -> None:
    path = log(tmp_path, "7,p,a,1,2012-10-09".replace(",", separator), header=HEADER.replace(",", separator))
    assert take(journal, path).taken == 1


def test_a_header_that_occurs_twice_matters_only_if_mapped(journal: SqlJournal, tmp_path: Path) -> None:
    path = log(tmp_path, "7,p,a,1,2012-10-09,x", header=f"{HEADER},id")
    assert take(journal, path).taken == 1
    with pytest.raises(FirsthandError, match="2 columns 'id'"):
        take(journal, path, Mapping("who", "what", "account:customer", "when", reason="id"))


def test_an_unknown_column_is_told_with_those_there_are(journal: SqlJournal, tmp_path: Path) -> None:
    with pytest.raises(FirsthandError, match=r"no column 'Who'. It has id, who, what, customer and when"):
        take(journal, log(tmp_path), Mapping("Who", "what", "account:customer", "when"))


@pytest.mark.parametrize("subject", ["customer", ":customer", "an account:customer"])
def test_a_subject_without_its_kind_is_told(journal: SqlJournal, tmp_path: Path, subject: str) -> None:
    with pytest.raises(FirsthandError, match="KIND:COLUMN"):
        take(journal, log(tmp_path), Mapping("who", "what", subject, "when"))


def test_a_column_may_have_a_colon_in_its_name(journal: SqlJournal, tmp_path: Path) -> None:
    path = log(tmp_path, "7,p,a,1,2012-10-09", header="id,who,what,the:customer,when")
    assert take(journal, path, Mapping("who", "what", "account:the:customer", "when")).taken == 1


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../etc/passwd", "Europe"])
def test_an_unknown_time_zone_is_told(journal: SqlJournal, tmp_path: Path, zone: str) -> None:
    with pytest.raises(FirsthandError, match="no time zone"):
        take(journal, log(tmp_path), Mapping("who", "what", "account:customer", "when", zone))


def test_a_file_that_is_not_there_or_empty_is_told(journal: SqlJournal, tmp_path: Path) -> None:
    with pytest.raises(FirsthandError, match="cannot be read"):
        take(journal, tmp_path / "nowhere.csv")
    with pytest.raises(FirsthandError, match="cannot be read"):
        take(journal, tmp_path)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(FirsthandError, match="has no header"):
        take(journal, tmp_path / "empty.csv")


def test_a_log_that_cannot_be_mapped_leaves_no_journal_behind(journal: SqlJournal, tmp_path: Path) -> None:
    with pytest.raises(FirsthandError):
        take(journal, log(tmp_path), Mapping("Who", "what", "account:customer", "when"))
    assert not (tmp_path / "journal.db").exists()


def test_progress_is_told_after_each_batch(
    journal: SqlJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 2)
    path = log(tmp_path, "1,p,a,1,2012-10-09", "2,p,a,1,never", "3,p,a,1,2012-10-09", "4,p,a,1,2012-10-09")
    told: list[tuple[int, int, int]] = []
    import_log(journal, path, MAPPING, by="root", progress=lambda *each: told.append(each))
    size = path.stat().st_size
    assert told == [(2, size, size), (4, size, size)]


# Times


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("2012/10/09 14:50:17.000", datetime(2012, 10, 9, 14, 50, 17)),
        ("2012-10-09T14:50:17Z", datetime(2012, 10, 9, 14, 50, 17)),
        ("2012-10-09T14:50:17.123456+02:00", datetime(2012, 10, 9, 12, 50, 17, 123456)),
        ("2012-10-09 14:50", datetime(2012, 10, 9, 14, 50)),
        (" 2012-10-09 ", datetime(2012, 10, 9)),
        ("2012/10/09", datetime(2012, 10, 9)),
        ("20121009", datetime(2012, 10, 9)),
        ("1349794217", datetime(2012, 10, 9, 14, 50, 17)),
        ("1349794217.5", datetime(2012, 10, 9, 14, 50, 17, 500_000)),
        ("1970-01-01", datetime(1970, 1, 1)),
        ("9999-12-31 23:59:59", datetime(9999, 12, 31, 23, 59, 59)),
    ],
)
def test_times_are_read_as_logs_write_them(cell: str, at: datetime) -> None:
    assert when(cell, UTC) == microseconds(at.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    "cell", ["2012", "201210", "1349794217000", "-1349794217", "nan", "1e9", "14:50", "¹349794217", "0001-01-01"]
)
def test_what_might_be_read_two_ways_is_no_time(cell: str) -> None:
    with pytest.raises(RowError):
        when(cell, ZoneInfo("America/New_York"))


def test_an_offset_wins_over_the_zone() -> None:
    rome = ZoneInfo("Europe/Rome")
    assert when("2012-10-09 14:50+00:00", rome) == when("2012-10-09 14:50", UTC)
    assert when("2012-10-09 14:50", rome) == when("2012-10-09 12:50", UTC)


def test_a_time_shown_twice_is_the_first_and_a_skipped_one_is_before_the_clocks_moved() -> None:
    rome = ZoneInfo("Europe/Rome")
    assert when("2012-10-28 02:30", rome) == when("2012-10-28 00:30", UTC)
    assert when("2012-03-25 02:30", rome) == when("2012-03-25 01:30", UTC)


@given(st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1)), st.integers(-1439, 1439))
def test_every_time_in_iso_8601_is_read(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert when(aware.isoformat(), UTC) == microseconds(aware)
    assert when(str(moment), UTC) == when(str(moment).replace("-", "/"), UTC)


# Stopped and run again


KILLED = """
import os, signal, sys
from pathlib import Path
from firsthand.storage import imports
from firsthand.storage.journal import SqlJournal

def progress(rows, read, total):
    print(rows, flush=True)
    if rows >= limit:
        os.kill(os.getpid(), signal.SIGKILL)

url, path, limit = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
imports.BATCH = 50
mapping = imports.Mapping(actor="who", action="what", subject="account:customer", at="when")
imports.import_log(SqlJournal(url), path, mapping, by="root", progress=progress)
"""


def command(folder: Path, path: Path, limit: int) -> list[str]:
    return [sys.executable, "-c", KILLED, url(folder), str(path), str(limit)]


def many(folder: Path, number: int) -> Path:
    return log(folder, *(f"{each // 2},p{each % 7},a{each % 5},{each % 11},2012-10-09" for each in range(number)))


def test_an_import_killed_after_some_batches_goes_on_where_it_was(journal: SqlJournal, tmp_path: Path) -> None:
    path = many(tmp_path, 1_000)
    killed = subprocess.run(command(tmp_path, path, 400), capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert take(journal, path) == Imported(600, 400, 0, None)
    assert runs(journal) == 1_000


def test_an_import_killed_at_any_moment_doubles_and_loses_nothing(journal: SqlJournal, tmp_path: Path) -> None:
    path, chance = many(tmp_path, 5_000), random.Random(4)
    for _ in range(4):
        importing = subprocess.Popen(command(tmp_path, path, 10_000), stdout=subprocess.PIPE)
        assert importing.stdout
        for _ in range(chance.randint(1, 60)):
            importing.stdout.readline()
        importing.kill()
        importing.wait()
        importing.stdout.close()
    result = take(journal, path)
    assert result.taken + result.there == runs(journal) == 5_000
    assert journal.database.read("SELECT count(*), count(DISTINCT run) FROM events WHERE kind = 'imported'") == [
        (5_000,) * 2
    ]
    assert journal.database.read("SELECT count(*) FROM imported") == [(5_000,)]


def test_an_import_stopped_by_hand_goes_on_where_it_was(
    journal: SqlJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 100)
    path = many(tmp_path, 300)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_log(journal, path, MAPPING, by="root", progress=stop)
    assert take(journal, path) == Imported(200, 100, 0, None)


# With what follows


def test_imported_runs_are_counted_those_of_unknown_outcome_as_long_as_they_are(
    journal: SqlJournal, tmp_path: Path
) -> None:
    path = log(tmp_path, "unknown,p,a,1,2012-10-09", "failed,p,a,1,2012-10-09")
    take(journal, path, Mapping("who", "what", "account:customer", "when", outcome="id"))
    expected = [("failed", 1), ("unknown", 1)]
    assert counts(journal, "outcome") == expected
    assert Tally(journal).advance(5)
    assert counts(journal, "outcome") == expected
    assert counts(journal, "action") == [("a", 2)]


@SQLITE
def test_the_help_desk_log_goes_in_whole_and_once(journal: SqlJournal) -> None:
    if not HELPDESK.exists():
        pytest.skip(f"{HELPDESK} is not there; FIRSTHAND_DATA names the folder that has helpdesk.csv")
    mapping = Mapping(actor="Resource", action="Activity", subject="customer:customer", at="Complete Timestamp")
    assert take(journal, HELPDESK, mapping) == Imported(21_348, 0, 0, None)
    assert take(journal, HELPDESK, mapping) == Imported(0, 21_348, 0, None)
    assert Tally(journal).advance(600)
    assert counts(journal, "outcome") == [("succeeded", 21_348)]
    assert [len(counts(journal, by)) for by in ("action", "actor", "subject")] == [14, 22, 397]
    assert counts(journal, "action", limit=1) == [("Take in charge ticket", 5_060)]
    assert counts(journal, "subject", limit=1) == [("customer:Value 22", 1_233)]
    days = sorted(day for day, _ in counts(journal, "day"))
    assert (days[0], days[-1]) == ("2010-01-13", "2014-01-03")
    with pytest.raises(FirsthandError, match="2 columns 'Variant'"):
        take(
            journal,
            HELPDESK,
            Mapping("Resource", "Activity", "customer:customer", "Complete Timestamp", reason="Variant"),
        )

"""``batch``: rows are looked at, performed after a yes, and what became of them is written out."""

import csv
import io
import json

import pytest

from ...bad_files import BAD, GOOD
from .terminals import Terminal

SAID = ("--reason", "customer asked")


def write(terminal: Terminal, *lines: str) -> str:
    (terminal.folder / "list.csv").write_text("\n".join(lines) + "\n")
    return "list.csv"


def test_a_batch_is_looked_at_and_performed_with_yes(terminal: Terminal):
    file = write(terminal, "account", "41", "42", "999999")
    said = terminal("batch", "subscription.cancel", "--csv", file, *SAID, "--yes")
    assert "Batch 1: " in said.out, said
    assert "2 × such as: There is no account 41. (rows 2, 4)" in said.out
    assert terminal("batch", "show", "1").out.count("is ended: ") == 1
    rows = list(csv.DictReader(io.StringIO(terminal("batch", "results", "1").out)))
    assert [row["row"] for row in rows] == ["2", "3", "4"]
    assert rows[2]["outcome"] == "would not go through"
    assert {row["outcome"] for row in rows[:2]} <= {"succeeded", "would not go through"}
    unfit = list(csv.DictReader(io.StringIO(terminal("batch", "results", "1", "--unfit").out)))
    assert "4" in [row["row"] for row in unfit]
    (told,) = json.loads(terminal("batches", "--json").out)
    assert (told["id"], told["action"], told["status"]) == (1, "subscription.cancel", "ended")


def test_without_a_yes_nothing_is_performed_and_the_batch_waits(terminal: Terminal):
    said = terminal("batch", "subscription.cancel", "--ids", "41,42", *SAID)
    assert (said.code, "Nothing was performed. Batch 1 waits: firsthand batch confirm 1" in said.err) == (4, True)
    assert json.loads(terminal("feed", "--json").out) == []
    assert "is ended" in terminal("batch", "confirm", "1").out


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_file_is_refused_with_its_row(terminal: Terminal, fault: str):
    content, message = BAD[fault]
    (terminal.folder / "list.csv").write_bytes(content)
    said = terminal("batch", "subscription.cancel", "--csv", "list.csv", *SAID, "--yes")
    first, *fix = said.err.splitlines()
    assert (said.code, first[: len(message)], bool(fix), said.out) == (3, message, True, "")
    assert terminal("batches").out == ""


def test_what_a_spreadsheet_writes_is_taken(terminal: Terminal):
    (terminal.folder / "list.csv").write_bytes(GOOD)
    said = terminal("batch", "subscription.cancel", "--csv", "list.csv", *SAID, "--check")
    assert "Batch 1: " in said.out, said
    rows = csv.DictReader(io.StringIO(terminal("batch", "results", "1").out))
    assert [(row["row"], row["account"], row["notes"]) for row in rows] == [("2", "41", "x"), ("4", "42", "")]


def test_whoever_may_not_perform_it_drafts_nothing(terminal: Terminal, as_sam):
    as_sam()
    said = terminal("batch", "subscription.cancel", "--ids", "41", *SAID, "--yes")
    assert said.code in (0, 3)
    assert terminal("batch", "pause", "7").code == 3


def test_a_batch_is_cancelled_and_stays_so(terminal: Terminal):
    terminal("batch", "subscription.cancel", "--ids", "41", *SAID, "--check")
    assert "is cancelled" in terminal("batch", "cancel", "1").out
    assert terminal("batch", "confirm", "1").code == 3

"""At a terminal a file is given by its path."""

import hashlib

import pytest

from .terminals import LOGIN, Terminal

SUPPORT = """
from firsthand import Desk, File
desk = Desk("Acme", why=["fraud"])

@desk.action("rows.book", who="support")
def book(rows: File, more: list[File] = []) -> File:
    return File("booked.csv", rows.content.upper() + bytes(len(more)), rows.type)
"""


@pytest.fixture
def filing(bare: Terminal) -> Terminal:
    (bare.folder / "support.py").write_text(SUPPORT)
    (bare.folder / "rows.csv").write_bytes(b"one,two\n")
    (bare.folder / "large.csv").write_bytes(bytes(1024 * 1024 + 1))
    bare.environment["FIRSTHAND_DESK"] = "support:desk"
    bare("people", "add", "priya", "--role", "support", "--login", LOGIN)
    return bare


RUN = ("run", "rows.book", "--reason", "fraud", "--json")


@pytest.mark.parametrize("given", [("--rows", "rows.csv"), ("--input", "rows=rows.csv")])
def test_an_option_of_a_file_takes_a_path(filing: Terminal, given: tuple[str, ...]) -> None:
    said = filing(*RUN, *given, "--more", "rows.csv", "--more", "support.py")
    assert said.code == 0, said.err
    digest = hashlib.sha256(b"one,two\n").hexdigest()
    assert said.json["inputs"]["rows"] == {"file": "rows.csv", "type": "text/csv", "size": 8, "sha256": digest}
    assert [each["file"] for each in said.json["inputs"]["more"]] == ["rows.csv", "support.py"]
    assert said.json["value"]["content"] == "T05FLFRXTwoAAA=="
    assert b"one,two" not in filing.journal


@pytest.mark.parametrize("given", ["nothing.csv", ".", "large.csv"])
def test_a_path_that_cannot_be_read_or_is_too_large_is_wrong_usage(filing: Terminal, given: str) -> None:
    for option in (("--rows", given), ("--input", f"rows={given}")):
        said = filing(*RUN, *option)
        assert said.code == 2
        assert given in said.err


def test_help_says_that_it_takes_a_path(filing: Terminal) -> None:
    assert "--rows PATH" in filing("run", "rows.book", "--help").out

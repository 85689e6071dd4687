"""Files: given as inputs, never kept; returned, kept to be had again; their names and types harmless."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from firsthand import Desk, File
from firsthand.core.files import clean_name, clean_type, file_in, is_file
from firsthand.core.outcomes import LONGEST
from firsthand.testing import trial

from .shop import bytes_of, on_record

CONTENT = b"id,amount\n1,12.50\n"
RECORDED = {"file": "rows.csv", "type": "text/csv", "size": 18, "sha256": hashlib.sha256(CONTENT).hexdigest()}
MAPPING = {"name": "rows.csv", "type": "text/csv", "content": base64.b64encode(CONTENT).decode()}


class Parcel(BaseModel):
    label: str
    inside: File


@pytest.fixture
def filing(shop, desk):
    @desk.action("book", who="support")
    def book(rows: File) -> str:
        shop.done.append(rows)
        return rows.content.decode()[:9]

    @desk.action("more", who="support")
    def more(many: list[File] | None = None, one: File | None = None, parcel: Parcel | None = None) -> None:
        shop.done.append((many, one, parcel))

    return desk


@pytest.mark.parametrize("given", [File("rows.csv", CONTENT, "text/csv"), MAPPING])
def test_an_input_file_arrives_whole_and_is_on_record_without_its_content(filing, shop, given):
    with trial(filing, priya="support") as t:
        run = on_record(t, t.run("book", {"rows": given}, by="priya", reason="asked"))
        assert shop.done == [File("rows.csv", CONTENT, "text/csv")]
        assert (run.outcome, run.inputs) == ("succeeded", {"rows": RECORDED})
        assert b"12.50" not in bytes_of(t)
        assert base64.b64encode(CONTENT) not in bytes_of(t)


def test_files_in_lists_and_models_are_recorded_alike(filing, shop):
    file = File("rows.csv", CONTENT, "text/csv")
    with trial(filing, priya="support") as t:
        inputs = {"many": [file, MAPPING], "parcel": {"label": "x", "inside": MAPPING}}
        run = on_record(t, t.run("more", inputs, by="priya", reason="asked"))
        assert shop.done == [([file, file], None, Parcel(label="x", inside=file))]
        assert run.inputs == {"many": [RECORDED] * 2, "one": None, "parcel": {"label": "x", "inside": RECORDED}}


@pytest.mark.parametrize("given", [
    "rows.csv", b"bytes", 12, None, {}, [MAPPING], {**MAPPING, "content": "no base64: 12.50"}, {**MAPPING, "name": 1},
    {**MAPPING, "more": 1}, {**MAPPING, "content": CONTENT}, RECORDED,
])  # fmt: skip
def test_what_is_no_file_is_refused_without_its_content(filing, shop, given):
    with trial(filing, priya="support") as t:
        run = on_record(t, t.run("book", {"rows": given}, by="priya", reason="asked"))
        assert (run.refusal.code, shop.done) == ("input_invalid", [])
        assert run.refusal.message.startswith("rows: this must be a file")
        assert b"12.50" not in bytes_of(t)


def test_files_count_for_what_inputs_may_have_together(filing):
    with trial(filing, priya="support") as t:
        run = t.run("book", {"rows": File("a", bytes(1024 * 1024 + 1))}, by="priya", reason="asked")
        assert run.refusal.code == "inputs_too_large"


def test_an_ask_cannot_keep_a_file(filing):
    with trial(filing, priya="support", sam="sales") as t:
        run = t.ask("book", {"rows": MAPPING}, by="sam", reason="asked")
        assert (run.status, run.refusal.message) == (
            "refused", "rows: an ask cannot keep a file; let whoever may perform it give that.",
        )  # fmt: skip
        assert t.ask("more", {}, by="sam", reason="asked").status == "asked"


def test_the_schema_says_that_it_is_a_file(filing):
    entries = {each.name: each.describe() for each in filing.actions}
    (rows,) = entries["book"]["inputs"]
    assert (rows["schema"]["type"], rows["schema"]["format"], rows["schema"]["title"]) == ("string", "binary", "File")
    many, one, parcel = entries["more"]["inputs"]
    assert [is_file(each["schema"]) for each in (rows, many, one, parcel)] == [True, False, True, False]
    json.dumps(entries)


# Returned


def returned(value, secret="none of it"):
    desk = Desk("Acme", why=["asked"])

    @desk.action("export", who="support")
    def export(key: SecretStr) -> object:
        return value

    with trial(desk, priya="support") as t:
        run = t.run(export, {"key": secret}, by="priya", reason="asked")
        assert run.outcome == "succeeded"
        assert len(secret) < 4 or secret.encode() not in bytes_of(t)
        return on_record(t, run).value


def test_a_returned_file_is_on_record_with_its_content_to_be_had_again():
    file = File("rows.csv", CONTENT, "text/csv")
    value = returned(file)
    assert value == {**RECORDED, "content": base64.b64encode(CONTENT).decode()}
    assert file_in(value) == file


def test_files_in_what_is_returned_are_kept_beside_the_rest():
    file = File("a.bin", bytes(range(256)))
    value = returned({"files": [file, file], "rows": 2, "at": Path("x")})
    assert [file_in(each) for each in value["files"]] == [file, file]
    assert (value["rows"], value["at"]) == (2, "x")


def test_a_file_that_is_too_large_is_on_record_without_its_content_and_says_so():
    value = returned(File("big.bin", bytes(LONGEST)))
    assert (value["file"], value["size"]) == ("big.bin", LONGEST)
    assert "too large" in value["left_out"]
    assert file_in(value) is None


def test_a_list_that_holds_itself_and_a_file_is_a_succeeded_run():
    value = [File("a", b"x")]
    value.append(value)
    assert returned(value) == "<list>"


SECRET = "correct-horse-battery"


def test_a_secret_is_masked_in_a_text_and_a_file_of_bytes_that_has_it_is_left_out():
    text = returned(File(f"{SECRET}.txt", f"key: {SECRET}!".encode(), "text/plain"), SECRET)
    assert file_in(text) == File("**********.txt", b"key: **********!", "text/plain")
    other = returned(File("a.bin", b"\xff" + SECRET.encode()), SECRET)
    assert "content" not in other
    assert "secret" in other["left_out"]
    kept = File("b.bin", b"\xff\xfe" + bytes(range(256)) * 100)
    assert file_in(returned(kept, SECRET)) == kept


def test_a_short_secret_does_not_spoil_the_base64_of_a_file():
    file = File("a.bin", bytes(n * 7 % 251 for n in range(20_000)))
    value = returned(file, "zz")
    assert file_in(value) == file


@pytest.mark.parametrize("value", [
    None, "x", 3, [], {}, RECORDED, {**RECORDED, "content": "?"}, {**RECORDED, "content": ""},
    {"file": 1, "type": 2, "sha256": 3, "content": 4},
])  # fmt: skip
def test_what_is_no_recorded_file_is_none(value):
    assert file_in(value) is None


# Names and types


@pytest.mark.parametrize(("given", "clean"), [
    ("rows.csv", "rows.csv"), ("../../etc/passwd", "passwd"), ("C:\\temp\\a.txt", "a.txt"), ("", "file"),
    ("..", "file"), ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
    ("a\u202efdp.exe", "afdp.exe"), ("/", "file"), ("\udcff", "file"),
    (".hidden", "hidden"), ("  a  ", "a"), ("Rechnung März.pdf", "Rechnung März.pdf"), ("a\x00b", "ab"),
])  # fmt: skip
def test_a_name_has_no_folders_and_nothing_unseen(given, clean):
    assert clean_name(given) == File(given, b"").name == clean


def test_a_long_name_keeps_its_ending():
    assert clean_name("x" * 1000 + ".csv").endswith("….csv")
    assert len(clean_name("x" * 1000 + ".csv")) <= 200
    assert len(clean_name("x" * 1000)) <= 200


@pytest.mark.parametrize(("given", "clean"), [
    ("text/csv", "text/csv"), ("Text/HTML; charset=utf-8", "text/html"), ("", "application/octet-stream"),
    ("text/html\r\nX: y", "application/octet-stream"), ("image/svg+xml", "image/svg+xml"),
    ("x", "application/octet-stream"),
])  # fmt: skip
def test_a_type_is_one_or_none(given, clean):
    assert clean_type(given) == File("a", b"", given).type == clean


def test_a_file_holds_bytes():
    with pytest.raises(TypeError):
        File("a", "text")  # type: ignore[arg-type]

"""What the core says is wrong stands at its field, and in a summary that leads there."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from firsthand.core.inputs import Input, parse
from firsthand.core.secrets import Mask
from firsthand.surfaces.console.forms.entries import entered
from firsthand.surfaces.console.forms.faults import faults_by_path
from firsthand.surfaces.console.forms.fields import fields_of
from firsthand.surfaces.console.forms.filling import started
from firsthand.surfaces.console.forms.reading import read
from firsthand.surfaces.console.forms.showing import form_of

from .forms_seen import Page, html_of


class Line(BaseModel):
    sku: str
    count: int


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    age: int


class Odd(BaseModel):
    odd: int = Field(alias="a.b")


TYPES = {
    "amount": int, "lines": list[Line], "by": dict[str, int], "pet": Annotated[Cat | Dog, Field(discriminator="kind")],
    "other": Cat | Dog, "one": int | list[int], "maybe": Line | None, "odd": Odd, "pair": tuple[int, int],
}  # fmt: skip


def told(pairs):
    """Summary of a form that was posted, with what the core said of it."""
    inputs = [Input(name, annotation) for name, annotation in TYPES.items()]
    its_fields, entry = fields_of([each.describe() for each in inputs]), entered(pairs)
    reading = read(its_fields, entry)
    faults = parse(inputs, reading.inputs, Mask()).faults
    form = form_of(its_fields, entry, [*reading.faults, *faults])
    return form, {name: words for name, _, words in form.summary}


def test_faults_are_found_by_the_cores_paths():
    assert faults_by_path(["lines.0.count: this is missing.", "Nothing: is here.", "The whole is wrong: look."]) == {
        "lines.0.count": ["this is missing."], "Nothing": ["is here."], "": ["The whole is wrong: look."],
    }  # fmt: skip


def test_each_fault_stands_at_the_field_that_it_is_about():
    _, faults = told([
        ("inputs.amount", "x"),
        ("inputs.lines.0.sku", ""), ("inputs.lines.3.sku", "a"), ("inputs.lines.3.count", "many"),
        ("inputs.by.0.key", "a.b"), ("inputs.by.0.value", "x"),
        ("inputs.pet", "1"), ("inputs.pet.1.age", "x"),
        ("inputs.other", "0"), ("inputs.other.0.lives", "y"),
        ("inputs.one", "1"), ("inputs.one.1.0", "z"),
        ("inputs.maybe", "0"), ("inputs.maybe.0.sku", "a"),
        ("inputs.odd.a%2Eb", "x"), ("inputs.pair.0", "1"),
        ("inputs.bogus", "1"),
    ])  # fmt: skip
    assert {name: words.partition(" ")[0] for name, words in faults.items()} == {
        "": "bogus:", "inputs.amount": "this", "inputs.lines.3.count": "this", "inputs.by.0.value": "this",
        "inputs.pet.1.age": "this", "inputs.other.0.lives": "this", "inputs.one.1.0": "this",
        "inputs.maybe.0.count": "this", "inputs.odd.a%2Eb": "this", "inputs.pair.1": "this",
    }  # fmt: skip


def test_what_is_missing_stands_at_the_whole_field():
    _, faults = told([])
    assert faults["inputs.amount"] == faults["inputs.pet"] == "this is missing."


def test_the_summary_leads_to_each_field_and_the_field_says_what_is_wrong():
    form, faults = told([("inputs.lines.0.sku", "a"), ("inputs.pet", "0")])
    page = Page(html_of(form))
    ids = {each["id"]: each for each in page.elements if "id" in each}
    links = [each["href"][1:] for each in page.elements if each["tag"] == "a"]
    assert links == [name for name in faults if name]
    assert set(links) <= set(ids)
    count = ids["inputs.lines.0.count"]
    assert (count["aria-invalid"], count["aria-describedby"]) == ("true", "faults-inputs.lines.0.count")
    assert "this is missing." in ids["faults-inputs.lines.0.count"]["text"]


def test_the_summary_says_what_a_field_stands_in():
    form, _ = told([("inputs.lines.0.sku", "a"), ("inputs.lines.1.sku", "b"), ("inputs.lines.1.count", "1")])
    labels = {name: label for name, label, _ in form.summary}
    assert labels["inputs.lines.0.count"] == "Lines 1, Count"
    assert labels["inputs.amount"] == "Amount"


def test_every_alternative_of_an_input_with_a_default_has_a_label():
    its_fields = fields_of([Input("un", int | str, 3).describe(), Input("raw", bytes, b"").describe()])
    page = Page(html_of(form_of(its_fields, started(its_fields))))
    labels = {each["for"]: each["text"].strip() for each in page.elements if each["tag"] == "label"}
    assert labels["inputs.un:none"] == "As it is by default"
    assert all(labels.values())
    assert "Empty means ." not in " ".join(page.words)

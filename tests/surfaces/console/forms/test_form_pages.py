"""Pages with forms are valid, hostile text in them is text, and they work in a browser, with JavaScript and without."""

import datetime as dt
import enum
from collections import Counter
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

import pytest
from axe_playwright_python.sync_playwright import Axe
from pydantic import AnyUrl, BaseModel, Field, SecretStr

from firsthand.core.runs import Subject
from firsthand.surfaces.console.forms.entries import entered, segments_of, with_row, without_row
from firsthand.surfaces.console.forms.fields import fields_of
from firsthand.surfaces.console.forms.filling import blank_row, resumed, started
from firsthand.surfaces.console.forms.reading import read
from firsthand.surfaces.console.forms.showing import form_of
from firsthand.surfaces.console.rendering import HOME

from .forms_seen import TEMPLATES, Page, described, html_of

HOSTILE = [
    "<script>document.title='taken'</script>", '"><img src=x onerror=alert(1)>', "' onfocus='alert(1)' autofocus='",
    "</textarea></select></option><b>", "{{ 7*7 }}{% raw %}", "&lt;&amp;amp;", "\u202egnp.exe",
    "😀👩‍👩‍👧 مرحبا", "x" * 1_000,
    "javascript:alert(1)", "-->]]>", "a b\tc",
]  # fmt: skip


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Line(BaseModel):
    """One line of an order."""

    sku: str = Field(description="As on the label.")
    count: int = Field(1, ge=1, le=99)
    gift: bool = False
    sizes: list[int] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: bool


TYPES = {
    "text": str, "note": Annotated[str, Field(max_length=5000)], "count": int, "share": float, "amount": Decimal,
    "urgent": bool, "sure": bool | None, "size": Size, "sizes": set[Size], "day": dt.date, "at": dt.datetime,
    "hour": dt.time, "length": dt.timedelta, "site": AnyUrl, "token": SecretStr, "file": bytes, "line": Line,
    "lines": list[Line], "tags": list[str], "limits": dict[str, int], "either": int | str,
    "pet": Annotated[Cat | Dog, Field(discriminator="kind")], "maybe": Line | None, "pair": tuple[int, bool],
    "payload": Any, "sort": Literal["only"], "country": Literal[tuple(f"C{n}" for n in range(300))],
}  # fmt: skip

EVERY = [
    *described(**TYPES),
    described(account=int)[0] | {"subject": "account"},
    described(plan=str)[0] | {"choices": True},
    described(plans=list[str])[0] | {"choices": True},
    {"name": "mail", "schema": {"type": "string", "format": "email"}, "required": True},
]
FIELDS = fields_of(EVERY)

CONTEXT = {
    "offered": {"inputs.plan": [("pro", "Pro"), ("free", "Free")]},
    "found": {
        "inputs.account": [Subject("account", "42", "luis@example.com"), Subject("account", "43", "ana@example.com")]
    },
    "labels": {"inputs.account": "luis@example.com"},
}
FAULTS = [f"{name}: this is not right." for name in (*TYPES, "account", "plan", "mail")] + [
    "bogus: there is no such input."
]


def checked(html):
    """The page, once it is sure that its ids are unique, its controls labelled and its references lead somewhere."""
    page = Page(html)
    ids = Counter(each["id"] for each in page.elements if "id" in each)
    assert [name for name, number in ids.items() if number > 1 or not name or any(c.isspace() for c in name)] == []
    labelled = {each["for"] for each in page.elements if each["tag"] == "label"}
    assert labelled <= set(ids)
    for each in page.elements:
        if each["tag"] in ("input", "select", "textarea") and each.get("type") != "hidden":
            assert each["id"] in labelled, each
        for reference in (each.get("aria-describedby") or "").split():
            assert reference in ids, each
        assert not any(name.startswith("on") or name == "style" for name in each), each
        assert each["tag"] not in ("script", "style", "img", "b"), each
        if each["tag"] == "fieldset":
            assert any(one["tag"] == "legend" and one["parent"] is each for one in page.elements)
    return page


@pytest.mark.parametrize("faults", [[], FAULTS])
def test_a_page_with_all_kinds_of_fields_is_valid(faults):
    entry = with_row(started(FIELDS), "inputs.lines", blank_row(FIELDS[17]))
    checked(html_of(form_of(FIELDS, entry, faults, again="/again", **CONTEXT)))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_wherever_it_stands(text):
    schema = {"title": text, "description": text, "type": "object", "properties": {
        text: {"type": "string", "default": text, "description": text},
        "choice": {"enum": [text, "b"], "title": text},
        "rows": {"type": "array", "items": {"type": "string"}, "default": [text]},
        "map": {"type": "object", "additionalProperties": {"type": "string"}, "default": {text: text}},
        "long": {"type": "string", "format": "multiline", "default": text},
        "json": {"default": [text]},
        "several": {"type": "array", "uniqueItems": True, "items": {"enum": [text, "b"]}, "default": [text]},
        "either": {"anyOf": [{"type": "integer"}, {"type": "object", "title": text, "properties": {}}]},
    }}  # fmt: skip
    one = [
        {"name": "group", "schema": schema, "required": True},
        {"name": "plan", "schema": {"type": "string"}, "required": True, "choices": True},
        {"name": "who", "schema": {"type": "string"}, "required": True, "subject": text},
    ]
    its_fields = fields_of(one)
    form = form_of(
        its_fields, resumed(its_fields, {"plan": text, "who": text}), [f"group: {text}", text, f"{text}: {text}"],
        offered={"inputs.plan": [(text, text)]}, found={"inputs.who": [Subject("a", text, text)]},
        labels={"inputs.who": text},
    )  # fmt: skip
    page = checked(html_of(form))
    inputs = read(its_fields, entered(page.pairs())).inputs
    assert inputs["group"][text] == inputs["group"]["long"] == inputs["plan"] == inputs["who"] == text
    assert inputs["group"]["rows"] == inputs["group"]["json"] == inputs["group"]["several"] == [text]
    Page(str(TEMPLATES.get_template("fields/told.html").module.told(form.fields)))


def test_a_secret_is_never_shown_again():
    entry = entered([("inputs.token", "s3cret"), ("inputs.text", "a")])
    form = form_of(FIELDS, entry, ["token: this is not valid."])
    told = str(TEMPLATES.get_template("fields/told.html").module.told(form.fields))
    assert "s3cret" not in html_of(form) + told


CSP = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'"

SHELL = """<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>A form</title>
<link rel="stylesheet" href="/console.css"><link rel="stylesheet" href="/forms.css">
<script src="/htmx.min.js" defer></script><script src="/forms.js" defer></script></head>
<body><nav class="side" aria-label="Main"></nav><main class="main"><h1>A form</h1>
<form method="post" action="/form" novalidate>{fields}
<p><button class="primary" type="submit">Run it</button></p></form>
</main></body></html>"""


class Site:
    """A page with every kind of field, as the console would serve it; ``sent`` is what was posted last."""

    def __init__(self, fields, theme="light", faults=(), **context):
        self.fields, self.theme, self.faults, self.context, self.sent = fields, theme, faults, context, None

    def page(self, entry, **more):
        form = form_of(self.fields, entry, self.faults, again="/form", **(self.context | more))
        return SHELL.format(theme=self.theme, fields=html_of(form))

    def answer(self, route):
        path = route.request.url.partition("//")[2].partition("/")[2].partition("?")[0]
        if (file := HOME / "static" / path).is_file():
            route.fulfill(path=str(file))
        elif path.startswith("subjects/"):
            form = form_of(self.fields, entered([]), found={"inputs.account": [Subject("account", "42", "Luis")]})
            macros = TEMPLATES.get_template("fields/form.html").module
            route.fulfill(body=str(macros.found(form.field("inputs.account"))), content_type="text/html")
        else:
            body = self.page(
                self.posted(route.request.post_data) if route.request.method == "POST" else started(self.fields)
            )
            route.fulfill(body=body, content_type="text/html; charset=utf-8", headers={"content-security-policy": CSP})

    def posted(self, data):
        self.context["focus"] = (
            dict(parse_qsl(data or "")).get("add") or dict(parse_qsl(data or "")).get("remove") or ""
        )
        pairs = parse_qsl(data or "", keep_blank_values=True)
        entry, asked = entered(pairs), dict(pairs)
        if "add" in asked:
            name = segments_of(asked["add"])[1]
            with_row(entry, asked["add"], blank_row(next(each for each in self.fields if each.segment == name)))
        elif "remove" in asked:
            without_row(entry, asked["remove"])
        else:
            self.sent = read(self.fields, entry).inputs
        return entry


def opened(browser, site, **how):
    page = browser.new_context(**how).new_page()
    page.route("**/*", site.answer)
    page.goto("http://console.test/form")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("faults", [[], FAULTS], ids=["new", "wrong"])
def test_axe_finds_nothing_on_a_page_with_all_kinds_of_fields(browser, theme, faults):
    page = opened(browser, Site(FIELDS, theme, faults, **CONTEXT), viewport={"width": 390, "height": 900})
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scripted", [True, False], ids=["htmx", "plain"])
def test_rows_are_added_and_removed_with_javascript_and_without(browser, scripted):
    site = Site(fields_of(described(lines=list[Line], text=str)))
    page = opened(browser, site, java_script_enabled=scripted)
    page.fill("[id='inputs.text']", "kept")
    page.fill("[id='inputs.lines.0.sku']", "a")
    page.click("button[name=add][value='inputs.lines']")
    page.wait_for_selector("[id='inputs.lines.1.sku']:focus")
    page.fill("[id='inputs.lines.1.sku']", "b")
    page.click("button[name=add][value='inputs.lines']")
    page.fill("[id='inputs.lines.2.sku']", "c")
    page.check("[id='inputs.lines.2.gift']")
    page.click("button[name=remove][value='inputs.lines.1']")
    page.wait_for_selector("[id='inputs.lines.1.sku']", state="detached")
    page.wait_for_selector("legend[id='inputs.lines']:focus")
    page.press("[id='inputs.text']", "Enter")
    page.wait_for_load_state()
    rows = [
        {"sku": "a", "count": "1", "gift": False, "sizes": []},
        {"sku": "c", "count": "1", "gift": True, "sizes": []},
    ]
    assert site.sent == {"text": "kept", "lines": rows}


def test_a_subject_is_found_and_chosen_by_keyboard(browser):
    site = Site(fields_of([described(account=int)[0] | {"subject": "account"}]))
    page = opened(browser, site)
    page.focus("[id='inputs.account']")
    page.keyboard.type("luis", delay=5)
    page.wait_for_selector(".results input")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert page.input_value("[id='inputs.account']") == "42"
    page.click(".primary")
    page.wait_for_load_state()
    assert site.sent == {"account": "42"}


def test_only_the_fields_of_the_chosen_variant_are_seen(browser):
    page = opened(browser, Site(fields_of(described(pet=Annotated[Cat | Dog, Field(discriminator="kind")]))))
    assert not page.is_visible("[id='inputs.pet.0.lives']")
    page.check("[id='inputs.pet:1']")
    assert page.is_visible("[id='inputs.pet.0.lives']")
    assert page.input_value("[id='inputs.pet.0.lives']") == "9"


def test_a_file_that_is_too_large_is_not_sent(browser):
    site = Site(fields_of(described(file=bytes)))
    page = opened(browser, site)
    page.set_input_files("input[type=file]", {"name": "a.bin", "mimeType": "a/b", "buffer": b"x" * (1024 * 1024 + 1)})
    page.click(".primary")
    assert "too large" in page.inner_text("output.chosen")
    assert site.sent is None


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back_from_a_real_browser(browser, text):
    site = Site(fields_of(described(text=str, rows=list[str], payload=Any)))
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", site.answer)
    page.set_default_timeout(5000)
    page.goto("http://console.test/form")
    page.fill("[id='inputs.text']", text)
    page.fill("[id='inputs.rows.0']", text)
    page.click(".primary")
    page.wait_for_load_state()
    page.click(".primary")
    page.wait_for_load_state()
    assert (site.sent["text"], site.sent["rows"], page.title()) == (text, [text], "A form")
    context.close()

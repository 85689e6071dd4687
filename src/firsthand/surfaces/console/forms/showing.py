"""A form as a template shows it: each field with what is filled in, what is wrong with it, and what may be chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlencode

from firsthand.core.runs import Subject
from firsthand.surfaces.console.forms.entries import MOST_ROWS, SPACE, Entry
from firsthand.surfaces.console.forms.faults import faults_by_name
from firsthand.surfaces.console.forms.fields import Field, Option, name_of
from firsthand.surfaces.console.forms.filling import needed
from firsthand.surfaces.words import safe

LISTED = 200
"""Options up to which a choice is a select; beyond it is a text with suggestions."""

PICKERS = {
    "date": r"\d{4}-\d\d-\d\d",
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?",
    "time": r"\d\d:\d\d(:\d\d(\.\d{1,3})?)?",
}
"""Kinds for which browsers have pickers, and what these can show; any other text is shown as text."""

EXAMPLES = {
    "date": "Such as 2026-05-03.", "datetime": "Such as 2026-05-03T14:30, or 2026-05-03T14:30+02:00.",
    "time": "Such as 14:30.", "duration": "Such as 1:30:00 for an hour and a half, or P2D for two days.",
    "json": 'As JSON, such as {"count": 2}.',
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """What a form is shown with: all by the fields' names."""

    faults: Mapping[str, Sequence[str]]
    offered: Mapping[str, Sequence[tuple[str, str]]]
    found: Mapping[str, Sequence[Subject]]
    labels: Mapping[str, str]
    url: Callable[..., str]
    focus: str
    again: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One field of a form as it is shown: ``parts`` are a group's parts, a list's rows, or the alternatives."""

    field: Field
    name: str
    label: str
    help: str
    text: str = ""
    texts: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    parts: tuple[Shown, ...] = ()
    found: tuple[Subject, ...] | None = None
    subject: str = ""
    search: str = ""
    control: str = ""
    can_add: bool = False
    can_remove: bool = False
    again: str = ""
    focused: bool = False

    @property
    def kind(self) -> str:
        """The kind of its field."""
        return self.field.kind

    @property
    def id(self) -> str:
        """The id of its control, which a label and a link in the summary lead to."""
        return self.name

    @property
    def described(self) -> str:
        """The ids of what describes it, for ``aria-describedby``."""
        ids = [f"faults-{self.name}"] if self.faults else []
        return " ".join([*ids, f"help-{self.name}"] if self.help else ids)

    @property
    def must(self) -> bool:
        """Whether it says that it is required."""
        return self.field.needs and self.kind not in ("group", "list", "mapping")

    @property
    def blank(self) -> str:
        """What the choice of no option is called; empty where there has to be one."""
        if self.field.nullable:
            return "Nothing"
        if not self.field.required and self.field.default is None:
            return "Not given"
        if self.kind == "variants":
            return "As it is by default"
        return "Choose…" if self.field.dependent or not self.text else ""

    @property
    def told(self) -> str:
        """What is filled in, for a page that only tells it."""
        if self.field.secret:
            return "(secret)"
        labels = [each.label for each in self.options or self.field.options if each.text in (*self.texts, self.text)]
        if self.kind == "bool":
            return "Yes" if self.text else "No"
        return ", ".join(labels) or safe(self.subject or self.text)

    @property
    def marked(self) -> bool:
        """Whether an empty field is sent along to say that it is there, even where nothing in it is filled in."""
        return self.kind in ("group", "list", "mapping", "variants", "several", "fixed")


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its fields, and what is wrong with it as a list of field (or none), label and sentence."""

    fields: tuple[Shown, ...]
    summary: tuple[tuple[str, str, str], ...] = ()
    multipart: bool = False

    def field(self, name: str) -> Shown | None:
        """Return the field of a name, wherever it stands: for a page that shows one field anew."""
        waiting = list(self.fields)
        while waiting:
            each = waiting.pop()
            if each.name == name:
                return each
            waiting.extend(each.parts)
        return None


def form_of(
    fields: Sequence[Field],
    entry: Entry,
    faults: Sequence[str] = (),
    *,
    offered: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    found: Mapping[str, Sequence[Subject]] | None = None,
    labels: Mapping[str, str] | None = None,
    url: Callable[..., str] = lambda path, **query: f"{path}?{urlencode(query)}",
    again: str = "",
    focus: str = "",
) -> Form:
    """Return a form with what is filled in.

    ``faults`` are the core's sentences. By a field's name (``inputs.plan``) come ``offered``, the choices that it has
    now, ``found``, the subjects that a search gave, and ``labels``, what the chosen subjects are called. ``url`` makes
    the address of a search; to ``again`` the form is posted for more or fewer rows where there is htmx; ``focus`` is
    the name of the field that the page starts at; a list has its last row for that, or itself where a row was removed.
    """
    wrong = faults_by_name(fields, entry, faults)
    context = Context(wrong, offered or {}, found or {}, labels or {}, url, focus, again)
    made = Form(tuple(shown(each, entry.at(each.segment), name_of(SPACE, each.segment), context) for each in fields))
    labels_within = dict(labelled(made.fields))
    summary = [
        (name, labels_within.get(name, ""), safe(words))
        for name in in_order(made.fields, wrong)
        for words in wrong[name]
    ]
    return replace(made, summary=tuple(summary), multipart=any(each.multipart for each in fields))


def labelled(parts: Sequence[Shown], before: str = "", parent: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name of each field and what it is called with what it stands in: ``Lines 1, Count``."""
    for each in parts:
        within = before if each.label.startswith(parent) else f"{before}{parent}, "
        yield each.name, f"{within}{each.label}"
        yield from labelled(each.parts, within, each.label)


def in_order(parts: Sequence[Shown], names: Mapping[str, object]) -> list[str]:
    """Return those names that have faults in the order of the page, those of no field before them."""
    order: list[str] = []
    waiting = list(reversed(parts))
    while waiting:
        each = waiting.pop()
        order.append(each.name)
        waiting.extend(reversed(each.parts))
    places = {name: n for n, name in enumerate(order)}
    return sorted(names, key=lambda name: places.get(name, -1))


def shown(field: Field, entry: Entry, name: str, context: Context) -> Shown:
    """Return a field as it is shown."""
    made = Shown(
        field, name, safe(field.label), safe(help_of(field)), text="" if field.secret else entry.text,
        faults=tuple(safe(each) for each in context.faults.get(name, ())), again=context.again,
        focused=name == context.focus,
    )  # fmt: skip
    match field.kind:
        case "group":
            return replace(made, parts=tuple(inside(each, entry, name, context) for each in field.fields))
        case "variants":
            return replace(made, parts=tuple(inside(each, entry, name, context) for each in field.fields))
        case "list" | "mapping":
            return with_rows(made, entry, context)
        case "several":
            texts = tuple(each for each in entry.said if isinstance(each, str) and each)
            return replace(made, texts=texts, options=options_for(field, name, texts, context))
        case "choice":
            options = options_for(field, name, (entry.text,) if entry.text else (), context)
            return replace(made, options=options, control="datalist" if len(options) > LISTED else "select")
        case "subject":
            return with_subjects(made, context)
    control = control_of(made)
    return replace(made, control=control, help=safe(help_of(field, example=control in ("text", "textarea"))))


def inside(field: Field, entry: Entry, name: str, context: Context) -> Shown:
    """Return a part of a group or an alternative as it is shown."""
    return shown(field, entry.at(field.segment), f"{name}.{name_of(field.segment)}", context)


def with_rows(made: Shown, entry: Entry, context: Context) -> Shown:
    """Return a list or a mapping with its rows."""
    field, rows, parts = made.field, entry.rows(), []
    place, _, gone = context.focus.rpartition(".")
    if made.focused and rows:
        first = first_in(field, f"{made.name}.{rows[-1][0]}")
        made, context = replace(made, focused=False), replace(context, focus=first)
    elif place == made.name and gone not in dict(rows):
        made = replace(made, focused=True)
    for count, (number, row) in enumerate(rows, 1):
        name, label = f"{made.name}.{number}", f"{made.label} {count}"
        if field.kind == "list":
            part = replace(shown(field.fields[0], row, name, context), label=label)
        else:
            key = Field("text", "key", "Name")
            parts_of_row = tuple(
                inside(each, row, name, context) for each in (key, replace(field.fields[0], segment="value"))
            )
            row_of = replace(field, kind="group", help="", least=0)
            part = Shown(row_of, name, label, "", parts=parts_of_row, again=context.again)
        parts.append(replace(part, can_remove=len(rows) > field.least or needed(field)))
    most = MOST_ROWS if field.most is None else field.most
    return replace(made, parts=tuple(parts), can_add=len(rows) < most)


def first_in(field: Field, name: str) -> str:
    """Return the name of the first control in a row of a list or a mapping, which a new row is started at."""
    row = field.fields[0]
    if field.kind == "mapping":
        return f"{name}.key"
    while row.kind == "group" and (inner := next((each for each in row.fields if each.kind != "fixed"), None)):
        row, name = inner, f"{name}.{name_of(inner.segment)}"
    return name


def with_subjects(made: Shown, context: Context) -> Shown:
    """Return a subject's field with what a search found and what the chosen one is called."""
    found = context.found.get(made.name)
    searched = context.url(f"/subjects/{made.field.subject}", field=made.name)
    return replace(
        made, found=None if found is None else tuple(found), search=searched,
        subject=safe(context.labels.get(made.name, "")), control="subject",
    )  # fmt: skip


def options_for(field: Field, name: str, texts: Sequence[str], context: Context) -> tuple[Option, ...]:
    """Return what may be chosen now; what is filled in and not offered any more stands there as such."""
    options = field.options
    if field.dependent:
        options = tuple(Option(text, text, label) for text, label in context.offered.get(name, ()))
    known = {each.text for each in options}
    gone = tuple(Option(text, text, f"{text} (not offered)") for text in texts if text not in known)
    return tuple(replace(each, label=safe(each.label)) for each in (*options, *gone))


def help_of(field: Field, *, example: bool = False) -> str:
    """Return what helps to fill a field in: its author's words, its limits, an example, its default."""
    default = field.default if field.empty == "left out" and not field.secret else None
    said = [field.help, EXAMPLES.get(field.kind, "") if example else ""]
    if default not in (None, "") and not isinstance(default, (list, dict, bool)) and not field.options:
        said.append(f"Empty means {default}.")
    return " ".join(each for each in said if each)


Control = Literal["textarea", "text", "date", "datetime-local", "time", "email", "url", "password", "file"]


def control_of(made: Shown) -> Control:
    """Return which control of HTML shows a field: a picker only where it can show what is filled in."""
    kind, text = made.kind, made.text
    if kind in ("long", "json") or (kind == "text" and "\n" in text):
        return "textarea"
    if kind in PICKERS and not made.faults and (not text or re.fullmatch(PICKERS[kind], text)):
        return "datetime-local" if kind == "datetime" else kind  # type: ignore[return-value]
    controls: Mapping[str, Control] = {"email": "email", "url": "url", "secret": "password", "file": "file"}
    return controls.get(kind, "text")

"""What a browser makes of a form: the page parsed, its controls as a browser would send them."""

import re
from html.parser import HTMLParser

from firsthand.core.inputs import Input
from firsthand.surfaces.console.forms.entries import entered
from firsthand.surfaces.console.forms.fields import fields_of
from firsthand.surfaces.console.forms.showing import form_of
from firsthand.surfaces.console.templating import environment

TEMPLATES = environment()

VOID = {"input", "br", "hr", "img", "link", "meta"}

PICKED = {
    "date": r"\d{4,}-\d\d-\d\d",
    "datetime-local": r"\d{4,}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?",
    "time": r"\d\d:\d\d(:\d\d(\.\d{1,3})?)?",
}


class Page(HTMLParser):
    """Elements with their attributes, and texts, of a page that has to be well-formed."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.words = [], [], []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), (tag, names)
        element = {"tag": tag, "text": "", "within": [each["tag"] for each in self.open], **dict(attributes)}
        element["parent"] = self.open[-1] if self.open else None
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        self.words.append(data)
        for each in self.open:
            each["text"] += data

    def pairs(self):
        """What a browser sends where the form is submitted without touching it."""
        sent = []
        for each in self.elements:
            if not each.get("name") or each["tag"] == "button":
                continue
            if each["tag"] == "textarea":
                sent.append((each["name"], each["text"].removeprefix("\n").replace("\n", "\r\n")))
            elif each["tag"] == "select":
                sent.append((each["name"], self.selected(each)))
            elif each["tag"] == "input" and (value := self.value(each)) is not None:
                sent.append((each["name"], value))
        return sent

    def selected(self, select):
        options = [each for each in self.elements if each["tag"] == "option" and each["parent"] is select]
        chosen = [each for each in options if "selected" in each] or options[:1]
        return chosen[-1]["value"] if chosen else ""

    def value(self, element):
        kind, value = element.get("type", "text"), element.get("value", "")
        if kind in ("checkbox", "radio"):
            return value if "checked" in element else None
        if kind == "file":
            return ""
        if kind in PICKED:
            return value if re.fullmatch(PICKED[kind], value) else ""
        if kind in ("email", "url"):
            value = value.strip()
        return value.replace("\n", "").replace("\r", "") if kind != "hidden" else value


def described(**types):
    """Inputs as the catalogue describes them."""
    return [Input(name, annotation).describe() for name, annotation in types.items()]


def fields(**types):
    return fields_of(described(**types))


def html_of(form):
    return str(TEMPLATES.get_template("fields/form.html").module.fields(form))


def submitted(its_fields, entry, **context):
    """What is entered once the form was rendered and submitted."""
    return entered(Page(html_of(form_of(its_fields, entry, **context))).pairs())

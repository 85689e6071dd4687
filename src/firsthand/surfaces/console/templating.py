"""The templates, and what they may use."""

from __future__ import annotations

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from firsthand.core.runs import microseconds, moment
from firsthand.surfaces.console import rendering as look
from firsthand.surfaces.console.lines import batch_line, feed_line, someone, subject_link
from firsthand.surfaces.console.values import cell, is_address
from firsthand.surfaces.words import event_sentence


def environment() -> Environment:
    """Return the templates with their filters; whatever is put into one is escaped."""
    made = Environment(
        loader=FileSystemLoader(look.HOME / "templates"), autoescape=True, auto_reload=False, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "text": look.text, "ago": look.ago, "clock": look.clock, "number": look.number, "colour": look.colour,
        "markdown": look.markdown, "took": look.took, "initials": look.initials, "plural": look.plural,
        "micros": microseconds, "moment": moment, "event_sentence": event_sentence, "shown": look.shown,
        "mentions": look.mentions, "stamp": look.stamp, "in_words": look.in_words,
    }  # fmt: skip
    made.tests["address"] = is_address
    made.globals |= {
        "without": look.without, "icon": look.icon, "surface_icon": look.surface_icon,
        "environment_colour": look.environment_colour, "feed_line": feed_line, "link_to": someone,
        "batch_line": batch_line,
        "subject_link": subject_link, "cell": cell,
    }  # fmt: skip
    return made

"""How texts, times, numbers and icons look on a page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from firsthand.core.runs import Run
from firsthand.followers.mentions import named
from firsthand.surfaces.words import safe

HOME = Path(__file__).parent

COLOURS = {
    "succeeded": "green", "refused": "yellow", "failed": "red", "unknown": "orange", "asked": "blue",
    "performing": "blue", "queued": "blue", "recorded": "blue", "declined": "yellow", "withdrawn": "grey",
    "preflight": "blue", "confirmed": "blue", "paused": "orange", "ended": "green",
}  # fmt: skip
"""The status of a run or a batch → the colour of its tag; the word stands in it, so nobody needs to see the colour."""

SURFACES = {
    "terminal": "terminal-2",
    "console": "world",
    "python": "code",
    "import": "file-import",
    "schedule": "calendar",
}

ENVIRONMENTS = {"production": "red", "staging": "orange", "development": "green", "test": "blue"}

MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable("image")
"""Steps and notes in Markdown: no HTML, no pictures; the library leaves out links with javascript: and the like."""

MARKDOWN.add_render_rule("heading_open", lambda *_: '<p class="strong">')  # a page has headings of its own
MARKDOWN.add_render_rule("heading_close", lambda *_: "</p>\n")


def text(value: object) -> Markup:
    """Return stored text as a page shows it: escaped, control characters spelt out, its direction kept to itself."""
    return Markup(f"<bdi>{escape(safe(str(value)))}</bdi>")  # noqa: S704 - escaped here: format takes three times as long


def mentions(value: str, handles: Mapping[str, str], url: Callable[[str], str]) -> Markup:
    """Return stored text as ``text`` does, with whoever is named with an @ in it as a link to them.

    Of a name that nobody has, or two people have, it is said that it reaches nobody.
    """
    told, at = Markup(""), 0
    for start, end, person in named(value, handles):
        name, before = safe(value[start:end]), safe(value[at:start])
        if person:
            link = Markup('<a href="{}">{}</a>').format(url(f"/people/{quote(person, safe='')}"), name)
        else:
            link = escape(name) + Markup(' <small class="mute">(nobody)</small>')
        told, at = told + before + link, end
    return Markup("<bdi>{}</bdi>").format(told + safe(value[at:]))


def colour(status: str) -> str:
    """Return the colour of a status."""
    return COLOURS.get(status, "grey")


def environment_colour(name: str) -> str:
    """Return the colour of an environment; one that is not known has that of staging."""
    return ENVIRONMENTS.get(name, "orange")


def number(value: float) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 run``, ``2 runs``."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def ago(at: datetime | None, now: datetime | None = None) -> Markup:
    """Return how long ago something was, as a ``time`` element that holds the whole moment."""
    if at is None:
        return Markup("never")
    return time_element(at, distance((now or datetime.now(UTC)) - at, at))


def distance(passed: timedelta, at: datetime) -> str:
    """Return a time that has passed in words; beyond a week it is the day."""
    seconds = int(passed.total_seconds())
    if seconds < 0:
        return f"{at:%-d %b %H:%M}"
    if seconds < 45:
        return "just now"
    for limit, unit, name in ((5400, 60, "min"), (36 * 3600, 3600, "h"), (8 * 86400, 86400, "d")):
        if seconds < limit:
            return f"{max(round(seconds / unit), 1)} {name} ago"
    return f"{at:%-d %b %Y}"


def clock(at: datetime | None, parts: str = "%-d %b %Y %H:%M:%S") -> Markup:
    """Return a moment in UTC; the console's script says it in the reader's own zone."""
    return Markup("") if at is None else time_element(at, f"{at:{parts}}")


def in_words(day: str) -> str:
    """Return a day as a page says it: ``2026-03-03`` is 3 Mar 2026."""
    return f"{date.fromisoformat(day):%-d %b %Y}"


def stamp(at: datetime) -> Markup:
    """Return the time of day of a moment in UTC, to the millisecond; the whole moment stands behind it."""
    return time_element(at, f"{at:%H:%M:%S}.{at.microsecond // 1000:03}")


def time_element(at: datetime, words: str) -> Markup:
    """Return a ``time`` element."""
    whole = at.isoformat()
    title = f"{whole[:10]} {whole[11:19]} UTC"
    return Markup(f'<time datetime="{whole}" title="{title}">{escape(words)}</time>')  # noqa: S704 - escaped


def took(run: Run[Any]) -> str:
    """Return how long a run was performed, in words; empty where it was not or still is."""
    if run.performing_at is None or run.ended_at is None:
        return ""
    return length((run.ended_at - run.performing_at).total_seconds())


def length(seconds: float) -> str:
    """Return a length of time: ``310 ms``, ``2.4 s``, ``1 min 12 s``, ``3 h 5 min``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min {int(seconds % 60)} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def shown(value: object) -> str:
    """Return a recorded value in a line: texts as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def initials(name: str) -> str:
    """Return up to two letters for somebody's picture."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def markdown(source: str) -> Markup:
    """Return Markdown as HTML; HTML in it is shown as the text that it is."""
    return Markup(MARKDOWN.render(safe(source)))  # noqa: S704 - the library escapes, html is off


def without(found: Mapping[str, str], name: str) -> dict[str, str]:
    """Return filters without one of them."""
    return {each: value for each, value in found.items() if each != name}


@cache
def icon(name: str) -> Markup:
    """Return an icon; what it means always stands in words beside it."""
    drawn = (HOME / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    attributes = 'class="icon" width="16" height="16" fill="none" stroke="currentColor" aria-hidden="true"'
    return Markup(drawn.replace("<svg", f"<svg {attributes}", 1).strip())  # noqa: S704 - our own file


def surface_icon(name: str) -> Markup:
    """Return the icon of the surface that a run came from."""
    return icon(SURFACES.get(name, "robot"))


@cache
def digests() -> Mapping[str, str]:
    """Return a digest of each static file, so that browsers may keep it for good."""
    files = sorted((HOME / "static").iterdir())
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest()[:12] for each in files}


def static_urls(prefix: str) -> Mapping[str, str]:
    """Return the address of each static file, with its digest."""
    return {name: f"{prefix}/static/{name}?v={value}" for name, value in digests().items()}

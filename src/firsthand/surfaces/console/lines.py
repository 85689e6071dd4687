"""A run as a line of a feed, and its links: in Python, since pages have many, and a template takes thrice as long.

Whatever is put into one is escaped here: by ``told``, which every stored text goes through, or by ``escape``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from firsthand.core.journal import Event
from firsthand.core.runs import Run, Subject
from firsthand.storage.journal import SqlJournal
from firsthand.surfaces.batch_words import progress_words
from firsthand.surfaces.console.rendering import ago, colour, surface_icon
from firsthand.surfaces.words import Names, line, safe

Url = Callable[[str], str]

spelt = lru_cache(2_000)(quote)
"""An id as an address spells it: the same few people and subjects come again and again."""


def feed_line(run: Run[Any], names: Names, url: Url, fresh: bool = False, oob: bool = False) -> Markup:
    """Return a run as a line: ``fresh`` is one that has just come, ``oob`` takes the place of the one that is there."""
    marks = (' class="fresh"' if fresh else "") + (' hx-swap-oob="true"' if oob else "")
    icon, via, status = surface_icon(run.surface), escape(safe(run.surface)), escape(run.status)
    reasons = "".join(f"<span>{each}</span>" for each in why(run, names, url))
    return Markup(f"""<li id="run-{run.id:d}"{marks}>
  <span class="via" title="from the {via}">{icon}<span class="vh">from <bdi>{via}</bdi></span></span>
  <div>
    <div>{sentence(run, names, url)}</div>
    <div class="why">{reasons}</div>
  </div>
  <div class="r"><span class="tag {colour(run.status)}">{status}</span><span>{ago(run.at)}</span></div>
</li>""")  # noqa: S704 - every part is escaped


def batch_line(event: Event, journal: SqlJournal, names: Names, url: Url) -> Markup:
    """Return a batch as one line instead of its runs: who confirmed it, what it is, and how far it is now."""
    batch = journal.batches.get(event.data["batch"])
    if batch is None:
        return Markup("")
    what = f'<a class="what" href="{escape(url(f"/batches/{batch.id:d}"))}">{told(names.action(batch.action))}</a>'
    said = f"{someone(batch.actor, names, url)} ran {what} for {batch.fit:,} {'row' if batch.fit == 1 else 'rows'}"
    far = progress_words(journal.batches.progress(batch, 0))
    icon, shade = surface_icon(batch.surface), colour(batch.status)
    return Markup(f"""<li id="batch-{batch.id:d}"><span class="via">{icon}</span>
  <div><div>{said}</div><div class="why"><span>batch {batch.id:d}</span><span>{escape(far)}</span></div></div>
  <div class="r"><span class="tag {shade}">{escape(batch.status)}</span><span>{ago(event.at)}</span></div></li>""")  # noqa: S704 - every part is escaped


def sentence(run: Run[Any], names: Names, url: Url) -> str:
    """Return who ran what, on what, for whom."""
    at = escape(url(f"/runs/{run.id:d}"))
    action = f'<a class="what" href="{at}">{told(names.action(run.action))}</a>'
    said = f"{someone(run.actor or run.asked_by, names, url)} {'ran' if run.actor else 'asked for'} {action}"
    if run.subjects:
        said += f" on {' and '.join(subject_link(each, url) for each in run.subjects)}"
    return f"{said} for {told(run.requested_by, 80)}" if run.requested_by else said


def why(run: Run[Any], names: Names, url: Url) -> list[str]:
    """Return why it was run, and what there is to say about how it ended."""
    found = [told(run.reason, 80)] if run.reason else []
    if run.refusal:
        found.append(told(run.refusal.message, 140))
    elif run.error:
        found.append(f"{told(run.error.type)}: {told(run.error.message, 120)}")
    elif run.notes:
        found.append(told(run.notes, 140))
    if run.asked_by and run.actor:
        found.append(f"asked by {someone(run.asked_by, names, url)}")
    return found


def told(value: str, longest: int = 0) -> str:
    """Return stored text escaped; in one line of so many characters at most, where that is given."""
    return f"<bdi>{escape(line(value, longest) if longest else safe(value))}</bdi>"


def someone(id: str | None, names: Names, url: Url) -> Markup:
    """Return a link to somebody."""
    if not id:
        return Markup("nobody")
    at = escape(url(f"/people/{spelt(id)}"))
    return Markup(f'<a class="quiet" href="{at}">{told(names.person(id))}</a>')  # noqa: S704 - every part is escaped


def subject_link(subject: Subject, url: Url) -> Markup:
    """Return a link to a subject: its kind, its id, and its label where that says more."""
    at = escape(url(f"/subjects/{spelt(subject.kind)}/{spelt(subject.id)}"))
    more = f' <span class="mute">{told(subject.label, 80)}</span>' if subject.label not in ("", subject.id) else ""
    kind = escape(safe(subject.kind.replace("_", " ")))
    return Markup(f'<a class="quiet" href="{at}">{kind} {told(subject.id, 80)}{more}</a>')  # noqa: S704 - escaped

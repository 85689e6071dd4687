"""The dashboard: what the runs of some days tell, as charts, tables, CSV and JSON; each number leads to its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import JSONResponse, Response

from firsthand.core.errors import FirsthandError
from firsthand.core.files import File
from firsthand.core.runs import moment
from firsthand.insights import frequency, people, why
from firsthand.insights.counts import counts
from firsthand.insights.dashboard import ROWS, Dashboard, Table, Total, dashboard, tables, total_of
from firsthand.insights.figures import Figures
from firsthand.insights.frequency import Stretch
from firsthand.insights.people import PersonFigures
from firsthand.insights.scope import Scope, day, day_of, namespace_of
from firsthand.insights.unseen import TooManyHidden
from firsthand.insights.why import ReasonFigures
from firsthand.surfaces.console import charts
from firsthand.surfaces.console.charts import Bar
from firsthand.surfaces.console.runs import download
from firsthand.surfaces.console.visit import NotFound, Visit
from firsthand.surfaces.sheets import csv_text

RANGES = {"7": "7 days", "30": "30 days", "90": "90 days", "year": "This year", "all": "All"}
"""Ranges of days that end today, as the address and as the page says them."""

DEFAULT = "30"

FEW, MANY = 10, 200
"""Rows of a table that the page shows, and that it shows of the one that is to be shown whole; CSV has all of them."""

CHOICES = 300
"""Actions to choose from, those with runs first; and tags that only runs have, those of most."""

PANEL = 90
"""Days that the figures on an action's page are of."""

TOP = 4
"""Reasons and people on an action's page."""

OUTCOMES = {"performed": "s-green", "refused": "s-yellow", "failed": "s-red", "others": "s-grey"}
"""How runs end, as the figures name it → the class of its colour."""

UNITS = {"day": "%-d %b", "week": "%-d %b", "month": "%b %Y"}
"""What a chart goes by → how its labels are written."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for: a scope, and which of ``RANGES`` its days are, none where they are given."""

    scope: Scope
    range: str

    @property
    def of(self) -> dict[str, str]:
        """What the scope is of, as the address has it: nothing, or a namespace, a tag or an action."""
        return {name: value for name, value in self.scope.as_fields().items() if name not in ("since", "until")}

    @property
    def days(self) -> dict[str, str]:
        """The days, as the address has them."""
        fields = self.scope.as_fields()
        return (
            {"range": self.range}
            if self.range
            else {each: fields[each] for each in ("since", "until") if each in fields}
        )

    @property
    def fields(self) -> dict[str, str]:
        """The whole of it, as the address has it."""
        return {**self.days, **self.of}


def wanted_of(visit: Visit) -> Wanted:
    """Return what the address asks for; raises ``FirsthandError`` for what cannot be."""
    of = {name: visit.asked(name) or None for name in ("namespace", "tag", "action")}
    if visit.asked("since") or visit.asked("until"):
        since, until = (day(visit.asked(name)) if visit.asked(name) else None for name in ("since", "until"))
        if since and until and since > until:
            raise FirsthandError("The last day is before the first.", "Give the earlier of the two as the first.")
        return Wanted(Scope(since, until, **of), "")
    name = visit.asked("range") or DEFAULT
    if name not in RANGES:
        raise FirsthandError(f"{name[:50]!r} is no range of days.", f"There are {', '.join(RANGES)}.")
    today = today_of(visit)
    return Wanted(Scope(first_day(name, today), None if name == "all" else today, **of), name)


def preset_of(visit: Visit, range: str) -> tuple[str, str]:
    """Return the days of a range as the form has them."""
    days = Wanted(Scope(first_day(range, today_of(visit)), None if range == "all" else today_of(visit)), "").days
    return days.get("since", ""), days.get("until", "")


def first_day(name: str, today: date) -> date | None:
    """Return the first day of a range that ends today."""
    if name.isdecimal():
        return today - timedelta(int(name) - 1)
    return today.replace(month=1, day=1) if name == "year" else None


def today_of(visit: Visit) -> date:
    """Return what day it is, in UTC."""
    return moment(visit.desk.clock()).date()


# The page


def page(visit: Visit) -> Response:
    """Show the figures; or, where the address cannot be, the form with what is wrong about it."""
    if visit.asked("of"):
        return visit.redirect("/dashboard", **chosen(visit))
    try:
        wanted = wanted_of(visit)
        figures = dashboard(visit.journal, wanted.scope, visit.hidden)
    except FirsthandError as trouble:
        return visit.render("dashboard.html", 422, trouble=trouble, wanted=Wanted(Scope(), ""), **choices(visit, {}))
    more = visit.asked("more")
    return visit.render(
        "dashboard.html", trouble=None, wanted=wanted, figures=figures,
        chart=chart_of(visit, figures.unit, figures.in_time), trend=trend(visit, figures),
        performing=performing(visit, figures), shown=lambda name: MANY if name == more else FEW, many=MANY,
        charts=charts, classes=tuple(OUTCOMES.values()), when=datetime.fromisoformat, **choices(visit, wanted.of),
    )  # fmt: skip


def chosen(visit: Visit) -> dict[str, str]:
    """Return the fields of the address that the form's choices mean: ``of`` is one of three, or all."""
    given = {name: visit.asked(name) for name in ("range", "since", "until")}
    first, last = given["since"], given["until"]
    if given["range"] in RANGES and (first, last) == preset_of(visit, given["range"]):
        given |= {"since": "", "until": ""}
    name, _, value = visit.asked("of").partition(":")
    return {**given, name: value} if name in ("namespace", "tag", "action") else given


def choices(visit: Visit, of: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form offers: namespaces, tags and actions, those of the catalogue and those that runs have."""
    known = visit.history.aliases()
    present = {known.get(name, name) for name in visit.history.action_names()} - visit.hidden
    names = {*visit.entries, *present}
    tags = {str(tag) for entry in visit.entries.values() for tag in entry["tags"]}
    tags |= {tag for tag, _ in counts(visit.journal, "tag", limit=CHOICES, hidden=visit.hidden)}
    actions = sorted(names, key=lambda name: (name not in present, name))
    groups = {
        "namespace": sorted({space for name in names if (space := namespace_of(name))}),
        "tag": sorted(tags), "action": actions[:CHOICES],
    }  # fmt: skip
    there = {"namespace": groups["namespace"], "action": {*names, *known.keys() - visit.hidden}}
    unknown = [(name, value) for name, value in of.items() if value not in there.get(name, (value,))]
    for name, value in of.items():
        if value not in groups[name]:
            groups[name].append(value)
    return {"ranges": RANGES, "groups": groups, "unknown": unknown}


def trend(visit: Visit, figures: Dashboard) -> float | None:
    """Return by which part the runs became more than in as many days before; None where these are not known."""
    since, until = figures.scope.since, figures.scope.until
    length = (until - since).days + 1 if since and until else 0
    if not since or not length or since.toordinal() <= length:
        return None
    scope = replace(figures.scope, since=since - timedelta(length), until=since - timedelta(1))
    with visit.journal.database.snapshot():
        try:
            before = Figures(visit.journal, scope, visit.hidden)
        except TooManyHidden:
            return None
        runs = before.narrow("outcome").total() if before.recorded[0] <= day_of(since) - length else 0
    return figures.total.runs.runs / runs - 1 if runs else None


def performing(visit: Visit, figures: Dashboard) -> int:
    """Return how many people perform."""
    few = len(figures.performers)
    return few if few < ROWS else len(counts(visit.journal, "actor", scope=figures.scope, hidden=visit.hidden))


def chart_of(
    visit: Visit, unit: str, stretches: Sequence[Stretch], id: str = "chart", height: int = charts.HEIGHT
) -> Markup:
    """Return runs over time as bars."""
    bars = [
        Bar(
            f"{date.fromisoformat(each.since):{UNITS[unit]}}", said(each), visit.url("/", **each.runs.filter),
            tuple(getattr(each, name).runs for name in OUTCOMES),
        )
        for each in stretches
    ]  # fmt: skip
    runs = sum(each.runs.runs for each in stretches)
    description = f"{runs:,} runs, by {unit} and by how they ended."
    return charts.over_time(id, f"Runs by {unit}", description, bars, tuple(OUTCOMES.values()), height)


def said(stretch: Stretch) -> str:
    """Return the runs of some days in words."""
    since, until = (date.fromisoformat(each) for each in (stretch.since, stretch.until))
    days = f"{since:%a %-d %b %Y}" if since == until else f"{since:%-d %b} to {until:%-d %b %Y}"
    found = {name: each.runs for name in OUTCOMES if (each := getattr(stretch, name)).runs}
    ends = ", ".join(f"{runs:,} {'other' if (runs, name) == (1, 'others') else name}" for name, runs in found.items())
    return f"{days}: {stretch.runs.runs:,} run{'' if stretch.runs.runs == 1 else 's'}{f' ({ends})' if ends else ''}"


# To take along


def sheet(visit: Visit) -> Response:
    """Return one table as CSV; without its name all of them, one below the other, each under its name."""
    wanted, name = wanted_of(visit), visit.asked("table")
    every = tables(dashboard(visit.journal, wanted.scope, visit.hidden))
    if name and name not in [table.name for table in every]:
        raise NotFound("There is no such table.", f"There are {', '.join(table.name for table in every)}.")
    found = [table for table in every if name in ("", table.name)]
    text = csv_text(found[0].columns, found[0].plain()) if name else "\r\n".join(map(section, found))
    words = "-".join(["dashboard", *([name] if name else []), *wanted.scope.as_fields().values()])
    return download(File(f"{words[:150]}.csv", text.encode("utf-8"), "text/csv"))


def section(table: Table) -> str:
    """Return a table as CSV, under its name."""
    return csv_text((), [(table.name,)]) + csv_text(table.columns, table.plain())


def as_json(visit: Visit) -> Response:
    """Return all figures as ``firsthand stats --json`` prints them."""
    return JSONResponse(dashboard(visit.journal, wanted_of(visit).scope, visit.hidden).as_dict())


# On an action's page


@dataclass(frozen=True, slots=True)
class ActionPanel:
    """The figures of one action's newest days."""

    scope: Scope
    total: Total
    chart: Markup
    reasons: Sequence[ReasonFigures]
    performers: Sequence[PersonFigures]


def figures_of(visit: Visit, entry: Mapping[str, Any]) -> ActionPanel:
    """Return the figures that stand on the page of an action: how often, how it ended, why, and by whom."""
    today = today_of(visit)
    scope = Scope(today - timedelta(PANEL - 1), today, action=str(entry["name"]))
    hidden = visit.hidden  # which may read in a snapshot of its own
    with visit.journal.database.snapshot():
        figures = Figures(visit.journal, scope, hidden)
        total, (unit, in_time) = total_of(figures), frequency.in_time(figures)
        performers = people.performers(figures, total.runs.runs, TOP)
        reasons = why.reasons(figures)[:TOP]
    return ActionPanel(scope, total, chart_of(visit, unit, in_time, "figures-chart", 56), reasons, performers)


PAGES = (
    ("GET", "/dashboard", page),
    ("GET", "/dashboard.csv", sheet),
    ("GET", "/dashboard.json", as_json),
)

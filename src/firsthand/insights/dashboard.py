"""All figures of a scope at once, and the tables that the page, the terminal and CSV files show them in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from firsthand.core.reasons import OTHER
from firsthand.insights import frequency, people, subjects, why
from firsthand.insights.figures import Figures, Number
from firsthand.insights.frequency import ActionFigures, Stretch
from firsthand.insights.people import PersonFigures, Wish
from firsthand.insights.scope import Fields, Scope
from firsthand.insights.subjects import Difference, SubjectFigures
from firsthand.insights.why import Note, ReasonFigures
from firsthand.storage.journal import SqlJournal

ROWS = 20
"""People and subjects that are shown, those with most runs."""

Cell = str | int | float | Number


@dataclass(frozen=True, slots=True)
class Total:
    """Runs in all and by how they ended, asked for, and for the reason ``other``, as a share of all with a reason."""

    runs: Number
    performed: Number
    refused: Number
    failed: Number
    others: Number
    asked_for: Number
    other_reason: Number
    other_share: float


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the runs of a scope tell. ``unit`` is what ``in_time`` goes by: day, week or month.

    ``counted_until`` is None where every run is counted; else runs that ended since then are missing.
    """

    scope: Scope
    counted_until: datetime | None
    unit: str
    total: Total
    in_time: tuple[Stretch, ...]
    actions: tuple[ActionFigures, ...]
    performers: tuple[PersonFigures, ...]
    requesters: tuple[PersonFigures, ...]
    askers: tuple[PersonFigures, ...]
    wishes: tuple[Wish, ...]
    reasons: tuple[ReasonFigures, ...]
    notes: tuple[Note, ...]
    subjects: tuple[SubjectFigures, ...]
    over_represented: tuple[Difference, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the figures as JSON can carry them."""
        until = self.counted_until.isoformat() if self.counted_until else None
        head = {"scope": self.scope.as_fields(), "counted_until": until, "unit": self.unit}
        return {**head, **{table.name: table.as_dicts() for table in tables(self)}}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of figures: each ``Number`` in it has the filter that finds the runs behind it."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def plain(self) -> list[list[str | int | float]]:
        """Return the rows without filters, shares to four places."""
        return [[plain(cell) for cell in row] for row in self.rows]

    def as_dicts(self) -> list[dict[str, object]]:
        """Return each row by column, with the filter of its runs."""
        return [
            {**dict(zip(self.columns, cells, strict=True)), "filter": filter_of(row)}
            for row, cells in zip(self.rows, self.plain(), strict=True)
        ]


def plain(cell: Cell) -> str | int | float:
    """Return a cell as text or number."""
    if isinstance(cell, Number):
        return cell.runs
    return round(cell, 4) if isinstance(cell, float) else cell


def filter_of(row: Sequence[Cell]) -> Fields:
    """Return the filter of a row's runs: that of its first number."""
    return next((cell.filter for cell in row if isinstance(cell, Number)), {})


def dashboard(journal: SqlJournal, scope: Scope, hidden: frozenset[str] = frozenset()) -> Dashboard:
    """Return all figures of a scope, read in one snapshot.

    ``hidden`` are actions, by present name, that whoever looks may not know: their runs count nowhere.
    """
    with journal.database.snapshot():
        figures = Figures(journal, scope, hidden)
        total = total_of(figures)
        runs = total.runs.runs
        unit, in_time = frequency.in_time(figures)
        neediest = subjects.neediest(figures, runs, ROWS)
        return Dashboard(
            scope, figures.counted_until, unit, total, tuple(in_time),
            tuple(frequency.of_each_action(figures)),
            tuple(people.performers(figures, runs, ROWS)), tuple(people.requesters(figures, runs, ROWS)),
            tuple(people.askers(figures, runs, ROWS)), tuple(people.wishes(figures, ROWS)),
            tuple(why.reasons(figures)), tuple(why.notes(figures)), tuple(neediest),
            tuple(subjects.over_represented(figures, [each.subject for each in neediest])),
        )  # fmt: skip


def total_of(figures: Figures) -> Total:
    """Return the figures of all runs together."""
    outcomes: Counter[str] = Counter()
    for (status, _), runs in figures.narrow("outcome").items():
        outcomes[status] += runs
    reasons = Counter[str]()
    for (reason, _), runs in figures.narrow("reason").items():
        reasons[reason] += runs
    asked = figures.narrow("asked").total()
    return Total(
        **frequency.ended(figures, outcomes), asked_for=figures.number(asked, asked="yes"),
        other_reason=figures.number(reasons[OTHER], reason=OTHER),
        other_share=reasons[OTHER] / reasons.total() if reasons else 0.0,
    )  # fmt: skip


def tables(figures: Dashboard) -> tuple[Table, ...]:
    """Return the figures as tables, in the order of the questions."""
    return (
        table("total", "In all", Total, [figures.total]),
        table("in_time", f"By {figures.unit}", Stretch, figures.in_time),
        table("actions", "How often", ActionFigures, figures.actions),
        table("performers", "Who performs", PersonFigures, figures.performers),
        table("requesters", "Who requests", PersonFigures, figures.requesters),
        table("askers", "Who asks", PersonFigures, figures.askers),
        table("wishes", "Who often wants what they may not do", Wish, figures.wishes),
        table("reasons", "Why", ReasonFigures, figures.reasons),
        table("notes", "Notes to other", Note, figures.notes),
        table("subjects", "Which subjects need most", SubjectFigures, figures.subjects),
        table("over_represented", "What is over-represented among them", Difference, figures.over_represented),
    )


def table(name: str, title: str, kind: type, rows: Sequence[object]) -> Table:
    """Return a table whose columns are the fields of a dataclass."""
    columns = tuple(each.name for each in fields(kind))
    return Table(name, title, columns, tuple(tuple(getattr(row, column) for column in columns) for row in rows))

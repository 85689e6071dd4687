"""What can go wrong, as one small tree; each message says what to do next.

FirsthandError
├── DeskError             the desk's actions are not right; found at start
├── SettingsError         a setting is missing or cannot be read
├── Refused               stopped on purpose: by the core, or raised by an author's own code
├── UnknownActor          whoever asks is not a known person, so there is no run
├── AuthorError           the author's code raised something else
├── OutcomeError          Run.raise_for_outcome() on a run that did not succeed (in `runs.py`)
└── JournalError
    ├── JournalMissing      there is no journal yet
    ├── JournalUnavailable  nothing can be recorded now, so nothing is performed
    ├── ChangedMeanwhile    a run was withdrawn, or claimed by another worker, before it began
    ├── SubjectBusy         a run that waits cannot begin yet: another one holds its subject
    └── JournalOutdated     the journal's schema is not the one this version writes
"""

from __future__ import annotations

from collections.abc import Sequence


class FirsthandError(Exception):
    """Anything that Firsthand itself raises: what happened, and what to do about it."""

    message = ""
    fix = ""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()


class DeskError(FirsthandError):
    """The desk's actions are not right. ``problems`` lists all that was found, each a sentence."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(("The desk cannot start:", *(f"- {each}" for each in self.problems))))


class SettingsError(FirsthandError):
    """A setting is missing or cannot be read."""


class Refused(FirsthandError):
    """Stopped on purpose, with nothing done.

    Raise it in a check, in a clause of ``who``, in a loader, or in an action's own function:
    ``raise Refused("Already refunded on 3 May.", fix="Look at run 812.")``.
    """

    code = "refused"
    check: str | None = None

    def __init__(self, message: str, fix: str = "", *, code: str = "refused", check: str | None = None) -> None:
        super().__init__(message, fix)
        self.code = code
        self.check = check


class UnknownActor(FirsthandError):
    """Whoever asks is not a known person; without a known actor there is no run."""


class AuthorError(FirsthandError):
    """The author's code raised: ``error`` is what, ``traceback`` where, before resources were left through it.

    Its message is the error's type alone: an error's own words are the author's code, and may tell secrets.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(type(error).__name__)
        self.error = error
        self.traceback = error.__traceback__


class JournalError(FirsthandError):
    """Something about the journal."""


class JournalMissing(JournalError):
    """There is no journal yet where the setting points."""


class JournalUnavailable(JournalError):
    """Nothing can be recorded now, so nothing is performed."""


class ChangedMeanwhile(JournalError):
    """A run was withdrawn, or claimed by another worker, before it began; nothing was performed by this one."""


class SubjectBusy(JournalError):
    """A run that waits cannot begin yet, since another one is performed on the same subject; nothing was performed."""


class JournalOutdated(JournalError):
    """The journal's schema is not the one that this version of Firsthand writes."""

"""The desk: where a team's actions are registered, and through which they are run."""

from __future__ import annotations

import asyncio
import logging
import pkgutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import nullcontext
from enum import Enum
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, overload

from typing_extensions import Unpack

from firsthand.core.actions import Actions, Registration, Why, registered
from firsthand.core.asks import Asks
from firsthand.core.attempts import Request
from firsthand.core.binding import name_of
from firsthand.core.calling import host_loop
from firsthand.core.catalogue import entries_of
from firsthand.core.directory import ByFunction, Listing, people_of
from firsthand.core.due import due_of, span_of
from firsthand.core.errors import DeskError, FirsthandError
from firsthand.core.namespace import Namespace
from firsthand.core.pipeline import Pipeline
from firsthand.core.policy import EVERYBODY, Who
from firsthand.core.reasons import name_of as reason_name
from firsthand.core.resources import Around, resources_of
from firsthand.core.runs import Run
from firsthand.core.subjects import SubjectOf, Traits, kinds_of
from firsthand.core.text import several
from firsthand.desk.aftermath import Aftermath
from firsthand.desk.by_calendar import ByCalendar
from firsthand.desk.by_hand import ByHand
from firsthand.desk.details import Details
from firsthand.desk.later import Later
from firsthand.desk.many import Many
from firsthand.desk.opening import Opening

if TYPE_CHECKING:
    from firsthand.core.actions import When

LOG = logging.getLogger("firsthand")

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
Named = Callable[..., Any] | str
Inputs = Mapping[str, object] | None


class Desk(Opening, ByHand, Aftermath, Later, Many, ByCalendar):
    """Where a team's support actions are registered and run.

    ``environment`` is shown on every screen and kept with every run; ``why`` are the reasons of actions that have none
    of their own; ``declares`` names the roles that may declare manual actions, besides whoever administers. Making a
    desk opens nothing: the journal of the settings is opened when it is first needed.
    """

    mode = "once"
    """The mode of actions that do not say theirs."""

    transaction: Any = None
    """The type of the resource that transactional actions are performed in which take none themselves."""

    def __init__(
        self,
        name: str,
        *,
        environment: str = "development",
        why: Iterable[str | Enum] | type[Enum] | str | None = None,
        declares: str | Iterable[str] = (),
    ) -> None:
        self.name = name
        self.environment = environment
        self.why: Why = why
        self.declares = several(declares)
        self.clock: Callable[[], int] = lambda: time.time_ns() // 1000
        self._around: Around = nullcontext
        self._registrations: list[Registration] = []
        self._subjects: list[tuple[Callable[..., Any], dict[str, Any]]] = []
        self._resources: list[Callable[..., Any]] = []
        self._people: list[Callable[..., Any]] = []
        self._everybody: list[Callable[..., Any]] = []
        self._guard = threading.RLock()
        self._actions: Actions | None = None
        self._pipeline: Pipeline | None = None
        self._started = False

    # What an author registers

    def namespace(
        self,
        name: str,
        *,
        who: Who | None = None,
        why: Why = None,
        when: When = None,
        tags: Iterable[str] = (),
        owner: str | None = None,
        ask: str | Iterable[str] = EVERYBODY,
    ) -> Namespace:
        """Return a part of the desk with common rules; its actions are called ``name.verb``."""
        reasons = why if why is not None else self.why
        return Namespace(self.register, name, who, reasons, when, several(tags), owner, ask)

    def action(
        self,
        name: str | None = None,
        *,
        who: Who | None = None,
        why: Why = None,
        when: When = None,
        tags: Iterable[str] = (),
        owner: str | None = None,
        title: str | None = None,
        aliases: Iterable[str] = (),
        ask: str | Iterable[str] = EVERYBODY,
        mode: str | None = None,
        background: bool = False,
        one_at_a_time: bool = False,
        verify: Callable[..., Any] | None = None,
        subjects: Callable[..., Any] | None = None,
    ) -> Callable[[F], F]:
        """Register the decorated function as an action; it stays the function that it was."""

        def register(function: F) -> F:
            reasons = why if why is not None else self.why
            said = {"who": who, "why": reasons, "when": when, "tags": tags, "owner": owner, "title": title}
            manner: dict[str, Any] = {"mode": mode, "background": background, "one_at_a_time": one_at_a_time}
            manner |= {"verify": verify, "subjects": subjects}
            named = name or name_of(function)
            self.register(registered(named, function, aliases=several(aliases), ask=ask, **said, **manner))
            return function

        return register

    def register(self, registration: Registration) -> None:
        """Add a registration; it is worked out with all others when the desk starts."""
        self._changed(self._registrations, registration)

    def resource(self, function: F) -> F:
        """Register what actions need and the desk opens and closes: a generator that yields it, or a function."""
        self._changed(self._resources, function)
        return function

    def subject(
        self,
        *,
        search: Callable[..., Any] | None = None,
        label: Callable[..., Any] | None = None,
        traits: Traits = (),
    ) -> Callable[[F], F]:
        """Register the decorated loader: from an id to the thing that actions are done to, or None.

        ``search``, ``label`` and callable ``traits`` get a text or the thing first, and resources by type.
        """

        def register(function: F) -> F:
            self._changed(self._subjects, (function, {"search": search, "label": label, "traits": traits}))
            return function

        return register

    def people(self, function: F) -> F:
        """Register the function that knows the host's people: from an id to a ``Person``, or None for anybody else.

        It takes resources by type, too. It is asked each time that somebody's right is looked at, and may raise
        anything: then nobody is let in. It becomes the desk's ``directory``.
        """
        self._changed(self._people, function)
        self.directory = Listing(self) if self._everybody else ByFunction(self)
        return function

    def everybody(self, function: F) -> F:
        """Register the function that lists the host's people, as the one under ``people`` knows them.

        It takes resources by type, and may yield. With it those are told of what concerns them who have not been at the
        desk yet, and at the address that their ``Person`` has.
        """
        self._changed(self._everybody, function)
        self.directory = Listing(self)
        return function

    @property
    def around(self) -> Around:
        """What gives the context that stands around all that is called for a run, a search or a look-up: a host's."""
        return self._around

    @around.setter
    def around(self, around: Around) -> None:
        with self._guard:
            self._around, self._actions = around, None

    def subjects(self) -> list[tuple[Callable[..., Any], dict[str, Any]]]:
        """Return the loaders, with what was said of them; a host's desk may know of more, by what actions take."""
        return self._subjects

    def subject_of(self, kind: str) -> SubjectOf:
        """Say which kind a parameter is, where two have one type: ``Annotated[Account, desk.subject_of("payer")]``."""
        return SubjectOf(kind)

    def discover(self, package: str) -> None:
        """Import a package and all its modules but ``__main__``, so that the actions in them are registered."""
        module = import_module(package)
        for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{package}."):
            if not found.name.endswith(".__main__"):
                import_module(found.name)

    def _changed(self, registered: list[Any], each: object) -> None:
        """Note something registered; all is worked out anew, and the catalogue recorded anew, before the next run."""
        with self._guard:
            registered.append(each)
            self._actions, self._started = None, False

    # Starting

    @property
    def actions(self) -> Actions:
        """All actions, worked out; raises ``DeskError`` with everything that is wrong."""
        with self._guard:
            if self._actions is None:
                actions = self.work_out()
                if actions.problems:
                    raise DeskError(actions.problems)
                actions.declared = lambda: self.journal.manuals if self._started else None
                self._actions = actions
            return self._actions

    def work_out(self) -> Actions:
        """Work out all that was registered; what is wrong stands in ``problems``."""
        problems: list[str] = []
        resources = resources_of(self._resources, problems)
        kinds = kinds_of(self.subjects(), resources, problems)
        people = people_of(self._people, resources, problems)
        everybody = people_of(self._everybody, resources, problems, listing=True)
        if self._everybody and not self._people:
            problems.append("the people are listed, and nothing says who one is; register it with @desk.people.")
        actions = Actions(
            kinds, resources, problems=problems, mode=self.mode, transaction=self.transaction, people=people,
            everybody=everybody, around=self.around,
        )  # fmt: skip
        for registration in self._registrations:
            actions.add(registration)
        actions.finish()
        return actions

    def warnings(self) -> list[str]:
        """Return what is not wrong but odd: roles that nobody has; a host's directory does not tell who there is."""
        if self.directory is not None:
            return []
        have = self.journal.roles()
        lacking: dict[str, list[str]] = {}
        for action in self.actions:
            for role in (*action.policy.roles, *(role for role in action.policy.ask if role != EVERYBODY)):
                if role not in have:
                    lacking.setdefault(role, []).append(action.name)
        return [f"Nobody has the role {role} (actions that name it: {len(names)})." for role, names in lacking.items()]

    def start(self) -> None:
        """Work out the actions and record the catalogue, once; raises ``DeskError``.

        Where the catalogue has changed, what is odd about it is logged as ``firsthand``.
        """
        actions = self.actions
        if not self._started:
            with self._guard:
                changes = self.journal.enter_catalogue(self.name, entries_of(actions.by_name.values()), self.clock())
                self._started = True
            for warning in self.warnings() if changes else ():
                LOG.warning(warning)

    @property
    def pipeline(self) -> Pipeline:
        """The six steps over this desk's actions and journal."""
        made, actions, journal = self._pipeline, self.actions, self.journal
        if made is None or made.actions is not actions or made.journal is not journal or made.clock is not self.clock:
            made = self._pipeline = Pipeline(actions, journal, self.clock, self.name, self.environment, self.wake)
        return made

    # Running

    def request(self, action: Named, inputs: Inputs, by: str, surface: str = "python", **said: Any) -> Request:
        """Return the request of a call: the action by name or by its function."""
        if said.get("reason") is not None:
            said["reason"] = reason_name(said["reason"])
        inputs = dict(inputs) if isinstance(inputs, Mapping) else {} if inputs is None else inputs
        if (at := said.pop("at", None)) is not None:
            said["due"], said["span"] = due_of(at, self.clock()), span_of(at)
        return Request(self.name_of(action), inputs, by, surface, **said)

    def name_of(self, action: Named) -> str:
        """Return an action's name, given that or its function; raises ``FirsthandError`` for any other function."""
        if isinstance(action, str):
            return action
        for registration in self._registrations:
            if registration.function is action:
                return registration.name
        raise FirsthandError(f"{name_of(action)} is not an action of this desk.", "Register it with @desk.action.")

    @overload
    def run(
        self, action: Callable[..., Awaitable[T]], inputs: Inputs = None, *, by: str, **said: Unpack[Details]
    ) -> Run[T]: ...

    @overload
    def run(self, action: Callable[..., T], inputs: Inputs = None, *, by: str, **said: Unpack[Details]) -> Run[T]: ...

    @overload
    def run(self, action: str, inputs: Inputs = None, *, by: str, **said: Unpack[Details]) -> Run[object]: ...

    def run(self, action: Named, inputs: Inputs = None, *, by: str, **said: Unpack[Details]) -> Run[Any]:
        """Perform an action and return its run, whatever its outcome.

        ``by`` is the id of a known person, ``inputs`` the action's inputs (a subject by its id, or loaded),
        ``requested_by`` who wanted it, ``reason`` one of the action's reasons. Raises ``UnknownActor``,
        ``JournalUnavailable`` (nothing was performed) and ``DeskError``; a refusal is an outcome, not an error.
        So is an interrupt (^C) within the action: in a loop, stop with ``raise_for_outcome()``. What the same person
        sends again under the key ``once`` is the run that it was at first, ``again``, as it stands.

        With ``background``, or ``at`` a time (one with its zone, or text such as ``2026-12-01 09:00 Europe/Berlin`` or
        ``+2h``), it is checked, and waits as ``queued`` for a worker; see `wait` and `withdraw`.
        """
        self.start()
        return self.pipeline.perform_request(self.request(action, inputs, by, **said))

    @overload
    async def arun(
        self, action: Callable[..., Awaitable[T]], inputs: Inputs = None, *, by: str, **said: Unpack[Details]
    ) -> Run[T]: ...

    @overload
    async def arun(
        self, action: Callable[..., T], inputs: Inputs = None, *, by: str, **said: Unpack[Details]
    ) -> Run[T]: ...

    @overload
    async def arun(self, action: str, inputs: Inputs = None, *, by: str, **said: Unpack[Details]) -> Run[object]: ...

    async def arun(self, action: Named, inputs: Inputs = None, *, by: str, **said: Unpack[Details]) -> Run[Any]:
        """Do the same as ``run`` without blocking the event loop, on which the author's async functions run."""
        token = host_loop.set(asyncio.get_running_loop())
        try:
            return await asyncio.to_thread(partial(self.run, action, inputs, by=by, **said))
        finally:
            host_loop.reset(token)

    # Asking

    def ask(self, action: Named, inputs: Inputs = None, *, by: str, **said: Unpack[Details]) -> Run[Any]:
        """Ask a colleague to perform an action; keywords as for ``run``. The run waits as ``asked``."""
        self.start()
        return Asks(self.pipeline).ask(self.request(action, inputs, by, **said))

    def take(
        self,
        ask: int,
        *,
        by: str,
        secrets: Mapping[str, object] | None = None,
        surface: str = "python",
        listener: Callable[[str, object], None] | None = None,
        once: str | None = None,
    ) -> Run[Any]:
        """Perform what a colleague asked for, everything checked again; ``secrets`` are the inputs an ask cannot keep.

        Raises ``Refused`` where it cannot be taken; it stays open then.
        """
        self.start()
        return Asks(self.pipeline).take(ask, self.pipeline.actor(by, surface), secrets or {}, surface, listener, once)

    def decline(self, ask: int, words: str, *, by: str, surface: str = "python", once: str | None = None) -> Run[Any]:
        """Say no to what a colleague asked for, in words. Raises ``Refused`` for whoever may not perform it."""
        self.start()
        return Asks(self.pipeline).decline(ask, self.pipeline.actor(by, surface), words, once)

"""Named things that the team may perform: what an author registers, and what the desk makes of it at start."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cached_property, partial
from pathlib import Path
from types import CodeType
from typing import Annotated, Any

from pydantic import Field

from firsthand.core.binding import (
    Parameter,
    Wiring,
    is_resource,
    is_run,
    metadata,
    name_of,
    parameters_of,
    wire,
    within,
)
from firsthand.core.checks import Check, Circumstance, checks_of
from firsthand.core.inputs import Choices, Input, choices_in, input_of
from firsthand.core.journal import Manuals
from firsthand.core.manner import Manner, Said
from firsthand.core.manual import Manual
from firsthand.core.marking import is_transaction
from firsthand.core.policy import EVERYBODY, NOBODY, Clause, Policy, Who, clauses_of
from firsthand.core.reasons import Reasons
from firsthand.core.resources import Around, Opened, Resource
from firsthand.core.runs import Run
from firsthand.core.secrets import UNMASKED
from firsthand.core.subjects import Kind, SubjectOf
from firsthand.core.text import fault_of, is_utf8, several, titled

ORDINARY, PLAIN = Said(), Manner()
MANNER = {each.name: each.default for each in fields(Said)}

When = Callable[..., Any] | Check | Iterable[Callable[..., Any] | Check] | None
Why = Iterable[str | Enum] | type[Enum] | str | None


@dataclass(frozen=True, slots=True)
class Registration:
    """What an author said of an action, namespace and desk included, before it is worked out."""

    name: str
    function: Callable[..., Any]
    who: Who | None = None
    why: Why = None
    when: tuple[Check, ...] = ()
    title: str | None = None
    tags: tuple[str, ...] = ()
    owner: str | None = None
    aliases: tuple[str, ...] = ()
    ask: str | Iterable[str] = EVERYBODY
    manner: Said = ORDINARY


@dataclass(frozen=True)
class Action:
    """An action worked out: every question a run has is answered by looking here."""

    name: str
    title: str
    description: str
    wiring: Wiring
    inputs: Mapping[str, Input]
    policy: Policy
    reasons: Reasons
    circumstances: tuple[Circumstance, ...]
    tags: tuple[str, ...]
    owner: str | None
    aliases: tuple[str, ...]
    source: str
    digest: str
    version: int = 0
    steps: tuple[str, ...] = ()
    manner: Manner = PLAIN

    @cached_property
    def subjects(self) -> tuple[tuple[str, Kind], ...]:
        """The inputs that name a subject, each with its kind."""
        return tuple((name, each.kind) for name, each in self.inputs.items() if each.kind)

    @property
    def manual(self) -> bool:
        """Whether it has no code: a person does it, and ticks its steps."""
        return self.version > 0

    def to_do(self) -> dict[str, object]:
        """Return what is to be done by hand, of which version; nothing where the action has code."""
        return {"version": self.version, "steps": list(self.steps)} if self.manual else {}

    def describe(self) -> dict[str, object]:
        """Return the action as the catalogue keeps it."""
        described: dict[str, object] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "tags": list(self.tags),
            "owner": self.owner,
            "aliases": list(self.aliases),
            "who": self.policy.words(),
            "roles": list(self.policy.roles),
            "ask": list(self.policy.ask),
            "why": list(self.reasons.listed),
            "when": [each.statement for each in self.circumstances],
            "inputs": UNMASKED.tree([each.describe() for each in self.inputs.values()]),
            "source": self.source,
            "code": self.digest,
            **self.manner.describe(),
        }
        return {**described, "manual": True, **self.to_do()} if self.manual else described


@dataclass(slots=True)
class Actions:
    """All actions of a desk, worked out together; ``problems`` are sentences about what is wrong.

    A name that is none of the code's is looked up among the manual actions that ``declared`` gives once the desk has
    started, each time, so that every process knows a new version at once. ``by_hand`` has those that were worked out,
    with what they were made of. ``mode`` is that of actions that do not say theirs; ``transaction`` the type of the
    resource that transactional ones are performed in which take none. ``people`` is the function that knows the host's,
    ``everybody`` the one that lists them; ``around`` stands around all that a run calls.
    """

    kinds: Mapping[str, Kind]
    resources: Mapping[Any, Resource]
    by_name: dict[str, Action] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    declared: Callable[[], Manuals | None] = lambda: None
    by_hand: dict[str, tuple[Manual, Action]] = field(default_factory=dict)
    mode: str = "once"
    transaction: Any = None
    people: Wiring | None = None
    everybody: Wiring | None = None
    around: Around = nullcontext

    def opened(self, run: Run[Any]) -> Opened:
        """Return the resources for a run, none of them opened yet."""
        return Opened(self.resources, run, self.around)

    def get(self, name: str) -> Action | None:
        """Return the action of a name or an alias, in code or manual, unless that is retired."""
        return self.by_name.get(self.names.get(name, name)) or self.manual(name)

    def ever(self, name: str) -> Action | None:
        """Return the same, a retired one too: runs of it may still be open."""
        return self.in_code(name) or self.manual(name, retired=True)

    def in_code(self, name: str) -> Action | None:
        """Return the action in code of a name or an alias."""
        return self.by_name.get(self.names.get(name, name))

    def manual(self, name: str, *, retired: bool = False) -> Action | None:
        """Return the manual action of a name."""
        declared = self.declared()
        found = declared.get(name) if declared and is_utf8(name) else None
        return self.of_manual(found) if found and (retired or not found.retired) else None

    def __iter__(self) -> Iterator[Action]:
        yield from self.by_name.values()
        declared = self.declared()
        for each in declared.all() if declared else ():
            if not each.retired and not self.in_code(each.name):
                yield self.of_manual(each)

    def add(self, registration: Registration) -> None:
        """Work out one registration."""
        name = registration.name
        if name in self.by_name:
            self.problems.append(f"{name}: there are two actions of that name; rename one.")
            return
        if fault := fault_of(name):
            self.problems.append(f"“{name}”: {fault}")
            return
        try:
            self.by_name[name] = self.work_out(registration)
        except TypeError as error:
            self.problems.append(f"{name}: {error}.")

    def finish(self) -> None:
        """Join the aliases, once all are in."""
        for action in self.by_name.values():
            for alias in action.aliases:
                other = self.names.get(alias) or (alias if alias in self.by_name else None)
                if other and other != action.name:
                    self.problems.append(f"{action.name}: its alias {alias} is also a name of {other}.")
                self.names[alias] = action.name

    def work_out(self, registration: Registration) -> Action:
        """Return the action of a registration, noting what is wrong with it."""
        name, function = registration.name, registration.function
        inputs = {each.name: each for each in self.inputs_of(function)}
        inputs = {key: self.with_choices(name, each, inputs) for key, each in inputs.items()}
        wiring = wire(function, inputs, self.resources)
        for each in inputs.values():
            _ = each.adapter
        if not registration.who:
            self.problems.append(f"{name}: it does not say who may perform it; add who=, to it or to its namespace.")
        partly = partial(self.wired, name, inputs)
        clauses = clauses_of(registration.who or (), lambda function: partly("clause", Check(function)))
        when = tuple(Circumstance.of(each, partly("check", each)) for each in registration.when)
        asking = several(registration.ask)
        return Action(
            name,
            registration.title or titled(name),
            inspect.getdoc(function) or "",
            wiring,
            inputs,
            Policy(clauses, () if asking == (NOBODY,) else asking),
            Reasons.of(registration.why),
            when,
            tuple(dict.fromkeys(registration.tags)),
            registration.owner,
            registration.aliases,
            source_of(function),
            digest_of(function),
            manner=self.manner_of(registration, inputs, wiring),
        )

    def manner_of(self, registration: Registration, inputs: Mapping[str, Input], wiring: Wiring) -> Manner:
        """Return how an action is performed, noting what is wrong with what its author said of that."""
        name, said = registration.name, registration.manner
        if said.problem:
            self.problems.append(f"{name}: {said.problem}.")
        verify = self.wired(name, inputs, "verify", Check(said.verify)) if said.verify else None
        if secret := [each for each in (verify.inputs if verify else ()) if inputs[each].secret]:
            self.problems.append(f"{name}: its verify takes {', '.join(secret)}, which is secret, so not kept.")
        subjects = self.wired(name, {}, "subjects", Check(said.subjects)) if said.subjects else None
        mode = said.mode or self.mode
        fit = self.transactions_of(wiring) if mode == "transactional" else []
        if mode == "transactional" and len(fit) != 1:
            self.problems.append(f"{name}: {NO_TRANSACTION}; {'none' if not fit else 'several'} of its resources is.")
        return Manner(mode, said.background, said.one_at_a_time, verify, fit[0] if fit else None, subjects)

    def transactions_of(self, wiring: Wiring) -> list[Any]:
        """Return the types of the resources that a transactional action may be performed in: of those that it takes.

        Where it takes none, that of the desk, else all that are registered.
        """
        if fit := [given for given in wiring.resources if is_transaction(given)]:
            return fit
        if self.transaction is not None:
            return [self.transaction]
        return [given for given in self.resources if is_transaction(given)]

    def of_manual(self, manual: Manual) -> Action:
        """Return the action of a declaration; a subject whose kind has left the code is a plain text."""
        known = self.by_hand.get(manual.name)
        if known is None or known[0] != manual:
            known = self.by_hand[manual.name] = manual, self.work_out_manual(manual)
        return known[1]

    def work_out_manual(self, manual: Manual) -> Action:
        """Work out a declaration."""
        inputs = {}
        if manual.subject:
            kind = self.kinds.get(manual.subject)
            inputs[manual.subject] = Input(manual.subject, kind.id_annotation if kind else NAMED, kind=kind)
        return Action(
            manual.name,
            manual.shown_title,
            manual.description,
            Wiring(nothing, ()),
            inputs,
            Policy(tuple(Clause(role) for role in manual.who)),
            Reasons.of(manual.why),
            (),
            manual.tags,
            manual.owner,
            (),
            "",
            manual.code,
            manual.version,
            manual.to_tick,
        )

    def inputs_of(self, function: Callable[..., Any]) -> Iterator[Input]:
        """Yield the inputs among a function's parameters: all but resources and the Run."""
        for parameter in parameters_of(function):
            if not is_run(parameter.annotation) and not is_resource(parameter.bare, self.resources):
                yield input_of(parameter, self.kind_of(parameter))

    def kind_of(self, parameter: Parameter) -> Kind | None:
        """Return the kind of subject that a parameter is, if it is one."""
        for mark in metadata(parameter.annotation):
            if isinstance(mark, SubjectOf):
                if mark.kind not in self.kinds:
                    raise TypeError(f"the desk has no subject {mark.kind}")
                return self.kinds[mark.kind]
        kinds = [kind for kind in self.kinds.values() if kind.type is parameter.bare or kind.type == parameter.bare]
        if len(kinds) > 1:
            names = " or ".join(f'desk.subject_of("{kind.name}")' for kind in kinds)
            raise TypeError(f"the input {parameter.name} may be either of two subjects; say Annotated[..., {names}]")
        for kind in self.kinds.values() if not kinds else ():
            if any(each is kind.type for each in within(parameter.bare)):
                raise TypeError(
                    f"the input {parameter.name} has a subject, {kind.name}, inside of another type; "
                    "take one subject a parameter"
                )
        return kinds[0] if kinds else None

    def with_choices(self, name: str, each: Input, inputs: Mapping[str, Input]) -> Input:
        """Return an input with its choices wired."""
        choices: Choices | None = choices_in(each.annotation)
        if choices is None:
            return each
        wiring = self.wired(name, inputs, "choices", Check(choices.function))
        return Input(each.name, each.annotation, each.default, each.kind, wiring)

    def wired(self, name: str, inputs: Mapping[str, Input], part: str, each: Check) -> Wiring:
        """Wire a check, a clause or choices of an action, noting inputs that the action lacks."""
        wiring = wire(each.function, inputs, self.resources, each.bind)
        takes = [parameter.name for parameter in parameters_of(each.function)]
        self.problems += [
            f"{name}: its {part} {name_of(each.function)} is told where {key} comes from, but takes no {key}."
            for key in each.bind
            if key not in takes
        ]
        lacking = [each.bind.get(key, key) for key in wiring.missing]
        if lacking:
            self.problems.append(
                f"{name}: its {part} {name_of(each.function)} takes {', '.join(dict.fromkeys(lacking))}, "
                f"which the action does not have; it has {', '.join(inputs) or 'no inputs'}."
            )
        return wiring


NO_TRANSACTION = (
    "it is transactional, so it takes one resource that is a transaction, unless the desk has only one (a connection "
    "of sqlite3 or psycopg, a Session or Connection of SQLAlchemy, Django's connection)"
)
"""What an action lacks for which there is no such resource, or several."""

NAMED = Annotated[str, Field(min_length=1, max_length=200)]
"""The type of a subject's id whose kind is not in the code any more."""


def nothing() -> None:
    """Do nothing: the function of a manual action, which a person does."""


def registered(name: str, function: Callable[..., Any], **said: Any) -> Registration:
    """Return a registration of what an author said, in any of the allowed shapes."""
    when, tags = said.pop("when", ()), said.pop("tags", ())
    manner = Said(*(said.pop(each, default) for each, default in MANNER.items()))
    return Registration(name, function, when=checks_of(when), tags=several(tags), manner=manner, **said)


def source_of(function: Callable[..., Any]) -> str:
    """Return where the function stands: ``support.py:34``, relative to where the program runs if it can be."""
    code = code_of(function)
    if code is None:
        return ""
    path = Path(code.co_filename)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}:{code.co_firstlineno}"


def code_of(function: Callable[..., Any]) -> CodeType | None:
    """Return the code of a function, through decorators and partials."""
    if isinstance(function, partial):
        return code_of(function.func)
    return getattr(inspect.unwrap(function), "__code__", None)


def digest_of(function: Callable[..., Any]) -> str:
    """Return a digest of a function's compiled code, 16 hexadecimal digits; comments and place do not count."""
    code = code_of(function)
    return hashlib.sha256(repr(parts_of(code)).encode()).hexdigest()[:16] if code else ""


def parts_of(code: CodeType) -> tuple[object, ...]:
    """Return what makes a piece of code what it is, without line numbers."""
    constants = tuple(parts_of(each) if isinstance(each, CodeType) else constant_of(each) for each in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, constants


def constant_of(value: object) -> str:
    """Return a constant in a spelling that is the same in every process (a set's order is not)."""
    if isinstance(value, frozenset):
        return repr(sorted(constant_of(each) for each in value))
    return repr(value)

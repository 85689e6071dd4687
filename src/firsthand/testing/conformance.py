"""Conformance: whether every action of a desk says what it must, and keeps what it promises; a rule at a time."""

from __future__ import annotations

import re
import unittest
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from firsthand.core import saying
from firsthand.core.actions import Action
from firsthand.core.binding import name_of
from firsthand.core.errors import FirsthandError
from firsthand.desk import Desk
from firsthand.testing import rules
from firsthand.testing.examples import Example, Given
from firsthand.testing.faults import Fault
from firsthand.testing.scene import RIGHT, WRONG, Performed, Scene
from firsthand.testing.trials import START, trial

Named = Callable[..., Any] | str
Case = TypeVar("Case", bound=unittest.TestCase)

SAYINGS = {"says what it does": saying.what, "says who may": saying.who, "says why": saying.why}
"""The rules that are looked up; nothing is performed for them."""

IN_PRODUCTION = ("prod", "live")
"""How environments begin in which nothing is performed to try it."""


@dataclass(frozen=True)
class Rule:
    """One rule of one action; ``skipped`` is why its author does not want it looked at."""

    action: str
    says: str
    look: Callable[[], None] = field(repr=False)
    skipped: str = ""

    @property
    def id(self) -> str:
        """``invoice.refund: is refused to the wrong person``."""
        return f"{self.action}: {self.says}"

    def fault(self) -> str:
        """Return what is wrong and what to do about it, in words; an empty text where the rule is kept."""
        try:
            self.look()
        except Fault as fault:
            return f"{self.id}? No: {fault}"
        except FirsthandError as error:
            return f"{self.id}? Not to be seen: {error}"
        return ""


@dataclass
class Conformance:
    """Whether a desk conforms. It performs actions, each on a trial's journal but on the desk's own data.

    ``examples`` has inputs, or an ``Example``, by action: what is not given is made, by types, choices and searches.
    ``subjects`` has ids by kind, ``effect`` returns what actions change (rows of tables), ``skip`` says by action why
    it is not performed here. These are functions where they need resources, taken by type. In production it refuses to
    perform anything, unless the author knows that the data is made for tests: ``on_test_data``. ``now`` is the time.
    """

    desk: Desk | None = None
    examples: Mapping[Any, Given | Example] = field(default_factory=dict)
    subjects: Mapping[str, Any] = field(default_factory=dict)
    effect: Callable[..., Any] | None = None
    skip: Mapping[Any, str] = field(default_factory=dict)
    on_test_data: bool = False
    now: datetime = START
    performed: dict[str, Performed] = field(default_factory=dict, init=False, repr=False)

    def rules(self) -> list[Rule]:
        """Return every rule of every action; raises ``FirsthandError`` where something is wrong with what was given."""
        desk = self.on_desk()
        named = {self.named(desk, action): said for action, said in self.examples.items()}
        examples = {name: said if isinstance(said, Example) else Example(said) for name, said in named.items()}
        skip = {self.named(desk, action): why for action, why in self.skip.items()}
        self.check(desk, examples, skip)
        return [
            rule
            for action in desk.actions
            for rule in self.of(action, examples.get(action.name, Example()), skip.get(action.name, ""))
        ]

    def faults(self) -> list[str]:
        """Return what is wrong, a text for each rule that is not kept; all are looked at one after the other."""
        return [fault for rule in self.rules() if not rule.skipped and (fault := rule.fault())]

    def case(self, base: type[Case]) -> type[Case]:
        """Return a test case with a test for each rule, for unittest and Django: ``base`` sets up the state of each."""
        tests = {f"test_{re.sub(r'[^0-9a-z]+', '_', rule.id.lower())}": testing(rule) for rule in self.rules()}
        return type("Conformance", (base,), tests)

    def on_desk(self) -> Desk:
        """Return the desk; raises ``FirsthandError`` where there is none, or it is one to keep away from."""
        if self.desk is None:
            raise FirsthandError("No desk is named.", "Name it: conforms(desk).")
        if self.desk.environment.lower().startswith(IN_PRODUCTION) and not self.on_test_data:
            raise FirsthandError(
                f"The desk {self.desk.name} says that it is in {self.desk.environment}, and to see whether it conforms "
                "its actions are performed.",
                "Give it another environment= in tests; or, where its data is made for tests, say on_test_data=True.",
            )
        return self.desk

    def named(self, desk: Desk, action: Named) -> str:
        """Return the name of an action that was given by that, by a former one, or as its function."""
        name = desk.name_of(action)
        found = desk.actions.in_code(name)
        if found is None:
            raise FirsthandError(f"The desk has no action {name}.", "Take it out of examples= and skip=.")
        return found.name

    def check(self, desk: Desk, examples: Mapping[str, Example], skip: Mapping[str, str]) -> None:
        """Raise ``FirsthandError`` for what was given and is nowhere on the desk, and for a skip that says nothing."""
        for name, why in skip.items():
            if not why.strip():
                raise FirsthandError(f"skip= does not say why {name} is not performed.", "Say it.")
        for name, example in examples.items():
            checks = [each.name for each in desk.actions.by_name[name].circumstances]
            for each in example.refused:
                if (told := each if isinstance(each, str) else name_of(each)) not in checks:
                    raise FirsthandError(f"{name} has no check {told}.", f"It has {', '.join(checks) or 'none'}.")
        for kind in self.subjects:
            if kind not in desk.actions.kinds:
                raise FirsthandError(f"The desk has no subject {kind}.", f"It has {', '.join(desk.actions.kinds)}.")
        if not desk.actions.by_name:
            raise FirsthandError("The desk has no actions.", "Import the modules that register them.")

    def of(self, action: Action, example: Example, skipped: str) -> Iterator[Rule]:
        """Yield the rules of one action; a manual one has those that are looked up only."""
        for says, look in SAYINGS.items():
            yield Rule(action.name, says, partial(said, look, action))
        if action.manual:
            return
        looks: dict[str, Callable[[Scene], None]] = {
            "is refused to the wrong person": rules.refused_to_the_wrong_person
        }
        for check in dict.fromkeys(each.name for each in action.circumstances):
            looks[f"is refused unless {check}"] = partial(rules.refused_unless, check=check)
        looks["is recorded once"] = lambda scene: rules.recorded_once(self.of_performing(scene))
        if saying.secret(action) or any(each.secret for each in action.inputs.values()):
            looks["keeps its secrets"] = lambda scene: rules.keeps_its_secrets(scene, self.of_performing(scene))
        looks["is safe to repeat"] = self.repeat
        for says, look_at in looks.items():
            yield Rule(action.name, says, partial(self.on_scene, action, example, look_at), skipped)

    def on_scene(self, action: Action, example: Example, look: Callable[[Scene], None]) -> None:
        """Look at an action on trial."""
        desk = self.on_desk()
        others = {role for each in desk.actions.by_name.values() for role in each.policy.roles} - {*action.policy.roles}
        with trial(desk, {RIGHT: action.policy.roles, WRONG: sorted(others)}, now=self.now) as tried:
            look(Scene(tried, action, example, self.subjects, self.effect))

    def of_performing(self, scene: Scene) -> Performed:
        """Return what is seen of an action that is performed: once for all the rules that only look at that."""
        name = scene.action.name
        if name not in self.performed:
            self.performed[name] = Performed.of(scene)
        return self.performed[name]

    def repeat(self, scene: Scene) -> None:
        """Look at what its mode promises; what has a secret or a file is not kept, so that it cannot be idempotent."""
        mode, inputs = scene.action.manner.mode, scene.action.inputs.values()
        once = mode == "once" or (mode == "idempotent" and any(each.secret or each.holds_file for each in inputs))
        rules.safe_to_repeat(scene, self.of_performing(scene) if once else None)


def said(look: Callable[[Action], str], action: Action) -> None:
    """Raise ``Fault`` for what an action does not say."""
    if fault := look(action):
        raise Fault.of(fault)


def testing(rule: Rule) -> Callable[[unittest.TestCase], None]:
    """Return a method of a test case."""

    def test(case: unittest.TestCase) -> None:
        if rule.skipped:
            case.skipTest(rule.skipped)
        if fault := rule.fault():
            case.fail(fault)

    return test


def conforms(
    desk: Desk | None = None,
    *,
    examples: Mapping[Any, Given | Example] | None = None,
    subjects: Mapping[str, Any] | None = None,
    effect: Callable[..., Any] | None = None,
    skip: Mapping[Any, str] | None = None,
    on_test_data: bool = False,
    now: datetime = START,
) -> Callable[[Rule], None]:
    """Return a test for pytest that becomes one for each rule of each action.

    ``test_support = conforms(desk)``: arguments are those of ``Conformance``; without a desk it is the one that is set.
    Fixtures and marks are given to it as to any test, so that each rule has a state of its own.
    """

    def test(rule: Rule) -> None:
        import pytest

        if rule.skipped:
            pytest.skip(rule.skipped)
        if fault := rule.fault():
            pytest.fail(fault, pytrace=False)

    kit = Conformance(desk, examples or {}, subjects or {}, effect, skip or {}, on_test_data, now)
    test.firsthand_conformance = kit  # type: ignore[attr-defined]
    return test

"""What a desk offers for manual actions: declaring them, and performing them step by step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from firsthand.core.actions import Why
from firsthand.core.actors import Person
from firsthand.core.declaring import Declaring
from firsthand.core.manual import Manual
from firsthand.core.reasons import OTHER, Reasons
from firsthand.core.runs import Run
from firsthand.core.steps import Steps
from firsthand.core.text import several
from firsthand.core.ticking import Ticking
from firsthand.desk.started import Started


class ByHand:
    """The part of a desk for manual actions."""

    def declare(
        self: Started,
        name: str,
        *,
        by: str,
        who: str | Iterable[str],
        steps: str,
        why: Why = None,
        tags: str | Iterable[str] = (),
        title: str = "",
        description: str = "",
        owner: str | None = None,
        subject: str | None = None,
        version: int = 0,
        surface: str = "python",
    ) -> Manual:
        """Declare a manual action, or change one: ``version`` is then the version that was edited.

        ``steps`` is Markdown, each item of its list is one step; ``subject`` is one of the desk's kinds. Without
        reasons of its own it has the desk's. Raises ``Refused`` where somebody else changed it meanwhile, and for
        whoever neither administers nor has a role that ``Desk(declares=...)`` names.
        """
        self.start()
        actor = self.pipeline.actor(by, surface)
        reasons = tuple(each for each in Reasons.of(self.why if why is None else why).listed if each != OTHER)
        wanted = Manual(
            name, several(who), steps, reasons, tuple(dict.fromkeys(several(tags))), title, description,
            owner or None, subject or None, version=version,
        )  # fmt: skip
        return Declaring(self.pipeline, self.declares).declare(wanted, actor)

    def retire(self: Started, name: str, *, by: str, version: int, surface: str = "python") -> Manual:
        """Take a manual action out of the catalogue; its runs and its versions stay. Raises ``Refused`` as above."""
        self.start()
        return Declaring(self.pipeline, self.declares).retire(name, version, self.pipeline.actor(by, surface))

    def may_declare(self: Started, person: Person) -> bool:
        """Say whether somebody may declare manual actions."""
        return Declaring(self.pipeline, self.declares).may(person)

    def tick(self: Started, run: int, step: int, *, by: str, done: bool = True, surface: str = "python") -> Steps:
        """Tick a step of a manual action's run, counted from 1, or with ``done=False`` take the tick back.

        Raises ``Refused`` for whoever may not perform the action, and where the run is not open.
        """
        self.start()
        return Ticking(self.pipeline).tick(run, step, self.pipeline.actor(by, surface), done=done)

    def finish(self: Started, run: int, outcome: str, words: str = "", *, by: str, surface: str = "python") -> Run[Any]:
        """Say how a manual action's run ended: succeeded, failed, or refused where nothing was done.

        The last two need words. Raises ``Refused`` as ``tick`` does.
        """
        self.start()
        return Ticking(self.pipeline).finish(run, outcome, words, self.pipeline.actor(by, surface))

"""Declaring manual actions: who may, what is wrong with a declaration, and whether its version is still the current."""

from __future__ import annotations

from dataclasses import dataclass, replace

from firsthand.core import refusals
from firsthand.core.actors import Person
from firsthand.core.catalogue import changes_between, may
from firsthand.core.errors import Refused
from firsthand.core.manual import Manual
from firsthand.core.pipeline import Pipeline
from firsthand.core.tries import refuse


@dataclass(frozen=True, slots=True)
class Declaring:
    """Declaring, changing and retiring, for whoever administers and for ``roles``; denied to all others."""

    pipeline: Pipeline
    roles: tuple[str, ...] = ()

    def may(self, actor: Person) -> bool:
        """Say whether somebody may declare manual actions."""
        return actor.administers or bool(set(self.roles) & set(actor.roles))

    def declare(self, wanted: Manual, actor: Person) -> Manual:
        """Record a declaration as the next version and return it.

        Its ``version`` is the one that was edited, 0 for a new name; where another is current by now, it is refused.
        One that changes nothing is not recorded.
        """
        self.allow(wanted.name, actor)
        if faults := [*wanted.faults(), *self.faults_here(wanted, actor)]:
            raise refusals.declaration_invalid(faults)
        return self.save(wanted, actor)

    def retire(self, name: str, version: int, actor: Person) -> Manual:
        """Take a manual action out of the catalogue; its runs stay, and declaring its version again brings it back."""
        self.allow(name, actor)
        current = self.pipeline.journal.manuals.get(name)
        if current is None or (current.retired and current.version == version):
            raise refusals.not_declared(name)
        return self.save(replace(current, retired=True, version=version), actor)

    def faults_here(self, wanted: Manual, actor: Person) -> list[str]:
        """Return what is wrong with a declaration on this desk."""
        actions, faults = self.pipeline.actions, []
        if actions.in_code(wanted.name) or self.was_hidden(wanted.name, actor):
            faults.append(f"The name {wanted.name} is taken by another action.")
        if wanted.subject and wanted.subject not in actions.kinds:
            known = ", ".join(actions.kinds) or "none"
            faults.append(f"The desk has no subject {wanted.subject}; it has {known}.")
        return faults

    def was_hidden(self, name: str, actor: Person) -> bool:
        """Say whether an action that is gone had a name, and somebody may not know of it: they would get its runs."""
        entry = self.pipeline.journal.gone().get(name)
        return entry is not None and not may(entry, actor.roles)

    def save(self, wanted: Manual, actor: Person) -> Manual:
        """Record the version after the one that was edited, unless somebody else did."""
        manuals, at = self.pipeline.journal.manuals, self.pipeline.clock()
        before = manuals.get(wanted.name)
        changes: list[dict[str, object]] = []
        if before and before.version == wanted.version:
            changes = changes_between({before.name: before.declaration()}, {wanted.name: wanted.declaration()})
            if not changes:
                return before
        kind = "retired" if wanted.retired else "redeclared" if before else "declared"
        saved = replace(wanted, version=wanted.version + 1)
        if not manuals.save(saved, kind=kind, actor=actor.id, at=at, changes=changes):
            raise self.edited_older(saved, actor)
        return manuals.get(wanted.name) or saved

    def edited_older(self, wanted: Manual, actor: Person) -> Refused:
        """Return the refusal of an edit of a version that is not the current one, naming who made that."""
        current = self.pipeline.journal.manuals.get(wanted.name)
        if current is None or current.by is None:
            return refusals.not_declared(wanted.name)
        person = self.pipeline.journal.person(current.by)
        by = "You" if current.by == actor.id else person.name if person else current.by
        return refusals.changed_meanwhile(current.name, by, current.version, retired=current.retired)

    def allow(self, name: str, actor: Person) -> None:
        """Refuse whoever may not declare, which is put on record."""
        if not self.may(actor):
            refuse(self.pipeline, refusals.may_not_declare(self.roles), actor, "declare", action=name)

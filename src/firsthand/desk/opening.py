"""What a desk's runs are kept in, and what wakes the workers that perform those that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from firsthand.core.runs import Run, microseconds

if TYPE_CHECKING:
    from firsthand.core.actors import Directory
    from firsthand.core.journal import Journal
    from firsthand.settings import Settings
    from firsthand.storage.journal import SqlJournal
    from firsthand.work.engines import Engine


class Opening:
    """The part of a desk that has its journal and its engine; neither is opened before it is needed."""

    clock: Callable[[], int]
    _guard: threading.RLock
    _started: bool
    _journal: Journal | None = None
    _engine: Engine | None = None
    _directory: Directory | None = None
    _settings: Settings | None = None

    @property
    def journal(self) -> Journal:
        """The journal, opened when first used."""
        with self._guard:
            if self._journal is None:
                self.open(self.settings())
            return cast("Journal", self._journal)

    @property
    def opened_by(self) -> Settings | None:
        """The settings that the journal was opened by, where somebody has opened it."""
        return self._settings

    def settings(self) -> Settings:
        """Return the settings: those that the journal was opened by, else those of the environment and its files."""
        from firsthand.settings import Settings

        return self._settings or Settings.load()

    def open(self, settings: Settings, engine: str = "") -> SqlJournal:
        """Use the journal of the settings, and return it; the engine, too, unless the desk was given one.

        ``engine`` names another than both. Raises ``SettingsError``.
        """
        from firsthand.storage.journal import SqlJournal
        from firsthand.work.choosing import engine_of

        self._settings = settings
        journal = SqlJournal(settings.database)
        journal.mirror.directory = self.directory
        if engine or self.engine is None:
            self.engine = engine_of(engine or settings.engine, settings.database)
        self.use(journal)
        return journal

    def use(self, journal: Journal | None, clock: Callable[[], int] | None = None) -> None:
        """Use another journal from now on, or, with None, the one of the settings again."""
        with self._guard:
            self._journal = journal
            self._settings = self._settings if journal else None
            self._started = False
            if clock:
                self.clock = clock
            self._join()

    @property
    def directory(self) -> Directory | None:
        """Where the host keeps its people; None where they are the journal's own."""
        return self._directory

    @directory.setter
    def directory(self, directory: Directory | None) -> None:
        with self._guard:
            self._directory = directory
            if self._journal is not None:
                cast("SqlJournal", self._journal).mirror.directory = directory

    @property
    def engine(self) -> Engine | None:
        """What wakes the workers of runs that wait; None where those find them by themselves."""
        return self._engine

    @engine.setter
    def engine(self, engine: Engine | None) -> None:
        with self._guard:
            self._engine = engine
            self._join()

    def _join(self) -> None:
        """Have the engine told of runs that wait in their own transaction, where it is in the journal's database."""
        if self._journal is not None:
            journal = cast("SqlJournal", self._journal)
            journal.beside = self._engine.beside(journal.database) if self._engine else None

    def wake(self, run: Run[Any]) -> None:
        """Tell the engine that a run waits, unless it was told in the same transaction."""
        if self._engine is not None and cast("SqlJournal", self.journal).beside is None:
            self._engine.wake(run.id, microseconds(run.due or run.at))

"""The operating system's locks beside a SQLite journal.

``GroupLock`` is held while a group of steps is committed or a checkpoint made, so that processes queue in the kernel
instead of polling SQLite, and never write and checkpoint at the same time. ``Presence`` is held by a process for its
life: the moment it dies, every other one can see it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

from firsthand.core.errors import JournalUnavailable


class GroupLock:
    """An exclusive ``flock`` on a file. Not for two threads at once: `commits.py` sees to that."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: int | None = None

    def acquire(self, seconds: float) -> None:
        """Wait for the lock, in the kernel's queue; raises ``JournalUnavailable`` after so many seconds."""
        if self.file is None:
            self.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.wait(self.file, seconds)

    def wait(self, file: int, seconds: float) -> None:
        """Wait on a thread of its own, since a blocking ``flock`` cannot be given a limit."""
        waiting = threading.Thread(target=fcntl.flock, args=(file, fcntl.LOCK_EX), daemon=True)
        waiting.start()
        waiting.join(seconds)
        if waiting.is_alive():
            self.file = None
            threading.Thread(target=close_after, args=(waiting, file), daemon=True).start()
            raise JournalUnavailable(
                f"The journal is held by another Firsthand process for more than {seconds:g} seconds.",
                "firsthand doctor names it; nothing was performed.",
            )

    def release(self) -> None:
        """Give the lock to whoever waits."""
        if self.file is not None:
            fcntl.flock(self.file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            os.close(self.file)
            self.file = None


def close_after(waiting: threading.Thread, file: int) -> None:
    """Close a file that was given up on, once its late lock is there."""
    waiting.join()
    os.close(file)


class Presence:
    """Locks on one byte a process of a file. They are the process's own: a fork does not inherit them.

    The system drops all of a process's locks on a file when it closes any descriptor of it, so there is one instance
    a file and process, and its descriptor stays open.
    """

    known: dict[tuple[int, str], Presence] = {}  # noqa: RUF012 - shared on purpose, see above
    guard = threading.Lock()

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self.own: set[int] = set()

    @classmethod
    def of(cls, path: Path) -> Presence:
        """Return this process's presence at a path."""
        key = (os.getpid(), str(path))
        with cls.guard:
            if key not in cls.known:
                cls.known[key] = cls(path)
            return cls.known[key]

    def hold(self, process: int) -> None:
        """Hold the lock of a process id until this process dies."""
        fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, process)
        self.own.add(process)

    def leave(self, process: int) -> None:
        """Let a lock go, at a clean end."""
        with self.guard:
            self.own.discard(process)
            fcntl.lockf(self.file, fcntl.LOCK_UN, 1, process)
            if not self.own:
                self.known.pop((os.getpid(), self.path), None)
                os.close(self.file)

    def alive(self, process: int) -> bool:
        """Say whether the process of an id still lives."""
        if process in self.own:
            return True
        with self.guard:
            try:
                fcntl.lockf(self.file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, process)
            except OSError:
                return True
            fcntl.lockf(self.file, fcntl.LOCK_UN, 1, process)
            return False

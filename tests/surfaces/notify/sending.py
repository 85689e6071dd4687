"""A process that delivers mail, and is killed once the mail server has it and before that is noted."""

from __future__ import annotations

import os
import signal

from firsthand.settings import Settings
from firsthand.storage.journal import SqlJournal
from firsthand.storage.outbox import Outbox
from firsthand.surfaces.notify.deliverer import Deliverer

from ...followers.telling import make_desk


def main(url: str, port: str, now: str) -> None:
    """Deliver what is due, and die."""
    desk, journal = make_desk(), SqlJournal(url)
    desk.use(journal, lambda: int(now))

    def killed(*_: object) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    Outbox.end = killed  # type: ignore[method-assign]
    settings = Settings(url="https://support.acme.com", smtp_host="localhost", smtp_port=port, smtp_security="none")
    Deliverer(desk, journal, settings).deliver_mail()

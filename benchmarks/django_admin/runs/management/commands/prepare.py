"""Fill the project's database from a journal, and print a session's cookie: `prepare JOURNAL`."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import BaseCommand, call_command
from django.db import connection

from runs.models import Run

TIMES = ("at", "performing_at", "ended_at")
TIME = "strftime('%Y-%m-%d %H:%M:%f', {} / 1e6, 'unixepoch')"


def fill(journal: str) -> None:
    """Copy a journal's runs, row by row the same."""
    columns = [field.column for field in Run._meta.fields]
    taken = ", ".join(TIME.format(each) if each in TIMES else each for each in columns)
    with connection.cursor() as cursor:
        cursor.execute("ATTACH DATABASE %s AS journal", [journal])
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute(f"INSERT INTO runs_run ({', '.join(columns)}) SELECT {taken} FROM journal.runs")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("DETACH DATABASE journal")


def signed_in() -> str:
    """Return the key of a session of somebody who may do everything."""
    user = get_user_model().objects.create_superuser("agent")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key


class Command(BaseCommand):
    """The command."""

    def add_arguments(self, parser) -> None:
        parser.add_argument("journal")

    def handle(self, *, journal: str, **options: object) -> None:
        call_command("migrate", run_syncdb=True, verbosity=0)
        fill(journal)
        self.stdout.write(signed_in())

"""The table of marks: a run's effect and its outcome are committed together, in the project's own database."""

from typing import Any

from django.db import migrations

from firsthand.core.marking import POSTGRESQL, SQLITE, TABLE


def add(apps: Any, schema_editor: Any) -> None:
    """Add the table where runs can be marked."""
    statements = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
    if sql := statements.get(schema_editor.connection.vendor):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(sql)


def remove(apps: Any, schema_editor: Any) -> None:
    """Remove it."""
    if schema_editor.connection.vendor in ("sqlite", "postgresql"):
        schema_editor.execute(f"DROP TABLE {TABLE}")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION {TABLE}_ended()")


class Migration(migrations.Migration):
    """The first one."""

    initial = True
    dependencies = ()
    operations = (migrations.RunPython(add, remove),)

class Archive:
    """What is called archived is in a database of its own."""

    def db_for_read(self, model, **hints):
        return "archive" if model.__name__ == "Archived" else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return (model_name == "archived") if db == "archive" else None

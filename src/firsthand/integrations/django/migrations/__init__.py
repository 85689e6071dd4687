"""The one table in the database of the project: the marks of runs."""

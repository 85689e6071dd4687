"""Numbered SQL, one folder a database; a file's number is the schema's version after it."""

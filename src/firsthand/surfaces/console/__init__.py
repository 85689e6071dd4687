"""The console: where support people live."""

"""The terminal: ``firsthand``."""

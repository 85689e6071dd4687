"""Telling people: what a message says, and how it is delivered, by mail and by webhooks."""

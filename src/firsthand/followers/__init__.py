"""Followers: they read the events in commit order, each with its own position, and can be rebuilt from nothing."""

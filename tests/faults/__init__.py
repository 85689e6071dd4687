"""Faults of what a journal stands on: a server that stops, a connection that is cut, a disk that is full, a lost host.

Each goes through the whole of the package, so this folder mirrors no part of it.
"""

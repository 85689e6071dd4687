"""The journal in SQL, written by hand."""

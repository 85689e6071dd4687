"""What support does by hand."""

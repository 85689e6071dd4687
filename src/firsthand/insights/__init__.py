"""What the runs tell: one file for each question."""

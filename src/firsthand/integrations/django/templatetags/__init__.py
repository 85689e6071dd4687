"""What templates of the project may use."""

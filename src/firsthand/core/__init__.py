"""What a support action is: pydantic and the standard library, nothing else."""

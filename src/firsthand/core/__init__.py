"""What a support action is: pydantic, with its typing_extensions, and the standard library, nothing else."""

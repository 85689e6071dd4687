"""The support actions, a module for each thing that they are done to."""

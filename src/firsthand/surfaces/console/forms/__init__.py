"""Forms made from an action's inputs.

``fields_of(inputs)`` says what can be filled in; ``started``, ``prefilled``, ``resumed`` and ``entered`` what is filled
in; ``form_of(...)`` is what a template shows; ``read(...)`` is what the core gets of it.
"""

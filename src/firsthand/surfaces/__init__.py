"""Where people meet the desk. No rule lives here: every surface hands the pipeline the same request."""

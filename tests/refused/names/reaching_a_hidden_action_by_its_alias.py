run = t.run("wages", by="priya", reason="asked")
assert "payroll" not in repr(run) + repr(t.journal.run(run.id)) + repr(t.journal.history.events(run.id))

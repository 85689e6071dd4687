run = t.run("payrol", by="priya", reason="asked")
assert "payroll" not in repr(run)

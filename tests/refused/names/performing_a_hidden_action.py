run = t.run("payroll", by="priya", reason="asked")

run = t.ask("wages", by="priya", reason="asked")

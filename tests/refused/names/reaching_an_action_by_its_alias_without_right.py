run = t.run("give.back", {"account": 1, "amount": 51}, by="priya", reason="asked")

run = t.run("refund", {"account": 1, "amount": 51}, by="priya", reason="asked")

run = t.run("refund", {"account": {"id": 1}, "amount": 5}, by="priya", reason="asked")

run = t.run("refund", {"account": 1, "amount": 5}, by="priya", reason="because")

run = t.run("refund", {"account": 99, "amount": 5}, by="priya", reason="asked")

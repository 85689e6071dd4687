inputs = {"account": 1, "amount": 500, "by": "lena", "actor": "lena", "role": "lead"}
run = t.run("refund", inputs, by="priya", reason="asked")

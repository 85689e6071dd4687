run = t.run("refund", {"account": 1, "amount": 5, "roles": ["lead"], "who": True}, by="ivan", reason="asked")

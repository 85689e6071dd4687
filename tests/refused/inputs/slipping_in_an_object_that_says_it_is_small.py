class Small(int):
    def __le__(self, other):
        return True


run = t.run("refund", {"account": 1, "amount": Small(500)}, by="priya", reason="asked")

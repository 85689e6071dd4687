t.take(ask.id, by="lena", secrets={"amount": 5_000})

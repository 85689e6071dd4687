t.take(ask.id, by="lena", secrets={"account": 2, "requested_by": "me"})

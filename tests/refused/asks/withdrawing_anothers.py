t.withdraw(ask.id, by="lena")

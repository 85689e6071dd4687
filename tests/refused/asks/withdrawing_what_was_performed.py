t.withdraw(past.id, by="lena")

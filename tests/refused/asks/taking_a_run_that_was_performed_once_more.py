t.take(past.id, by="lena")

t.decline(ask.id, "...", by="lena")

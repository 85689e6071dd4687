t.decline(ask.id, "No, sorry.", by="ivan")

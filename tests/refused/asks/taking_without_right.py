t.take(ask.id, by="ivan")

t.take(ask.id, by="gus")

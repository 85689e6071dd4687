t.take(ask.id, by="priya")

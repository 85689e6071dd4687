with sqlite3.connect(database) as journal:
    journal.execute("INSERT OR REPLACE INTO events (id, at, kind, data) VALUES (1, 0, 'nothing', '{}')")

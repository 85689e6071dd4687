with sqlite3.connect(database) as journal:
    journal.execute("DELETE FROM events WHERE id = 1")

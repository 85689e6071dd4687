with sqlite3.connect(database) as journal:
    journal.execute("DELETE FROM runs WHERE id = 1")

with sqlite3.connect(database) as journal:
    journal.execute("UPDATE runs SET id = 99 WHERE id = 1")

with sqlite3.connect(database) as journal:
    journal.execute("UPDATE runs SET notes = 'quite all right' WHERE id = 1")

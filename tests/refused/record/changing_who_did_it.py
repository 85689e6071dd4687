with sqlite3.connect(database) as journal:
    journal.execute("UPDATE runs SET actor = 'priya' WHERE id = 1")

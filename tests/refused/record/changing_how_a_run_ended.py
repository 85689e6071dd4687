with sqlite3.connect(database) as journal:
    journal.execute("UPDATE runs SET status = 'failed' WHERE id = 1")

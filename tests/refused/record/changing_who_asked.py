with sqlite3.connect(database) as journal:
    journal.execute("UPDATE runs SET asked_by = 'ivan' WHERE asked_by IS NOT NULL")

with sqlite3.connect(database) as journal:
    journal.execute("UPDATE OR REPLACE events SET id = 2 WHERE id = 1")

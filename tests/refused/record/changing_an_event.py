with sqlite3.connect(database) as journal:
    journal.execute("UPDATE events SET actor = 'priya'")

with sqlite3.connect(database) as journal:
    journal.execute(
        "INSERT OR REPLACE INTO runs (id, at, action, status, surface, environment, desk)"
        " VALUES (1, 0, 'x', 'succeeded', 'x', 'x', 'x')"
    )

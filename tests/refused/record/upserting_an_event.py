with sqlite3.connect(database) as journal:
    journal.execute(
        "INSERT INTO events (id, at, kind, data) VALUES (1, 0, 'x', '{}') ON CONFLICT (id) DO UPDATE SET kind = 'x'"
    )

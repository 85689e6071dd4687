-- Each name, former ones too, that an action in code had and has no more: who could perform it and who could ask for
-- it, by its last entry. Whoever could do neither is not told of its runs. Names that came back stay here; their new
-- entries count.
CREATE TABLE gone (
    name   TEXT PRIMARY KEY,
    rights TEXT NOT NULL
) STRICT, WITHOUT ROWID;

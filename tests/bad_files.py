"""CSV files that no batch is made of, whatever surface they come by, and what is said of each.

They are for an action with an ``account``; ``notes`` is a column that every action has.
"""

BAD: dict[str, tuple[bytes, str]] = {
    "another encoding": ("account,notes\n41,x\n42,ü\n".encode("latin-1"), "Line 3 is not UTF-8 text."),
    "UTF-16": ("account\n41\n".encode("utf-16"), "Line 1 is not UTF-8 text."),
    "UTF-16 without a mark": ("account\n41\n".encode("utf-16-le"), "Line 1 has a NUL character, so it is no text."),
    "a NUL": (b"account\n41\n4\x002\n", "Line 3 has a NUL character, so it is no text."),
    "a cell too few": (b"account,notes\n41,x\n42\n", "Row 3 has 1 cells; the heading has 2."),
    "a cell too many": (b"account,notes\n41,x\n42,y,z\n", "Row 3 has 3 cells; the heading has 2."),
    "an id twice": (b"account,notes\n41,x\n42,y\n41,z\n", "Row 4 is about the same as row 2."),
    "an id twice, with spaces": (b"account\n41\n 41 \n", "Row 3 is about the same as row 2."),
    "a quote left open": (b'account,notes\n41,x\n42,"y\n', "Row 3 has a quote that is left open until the end of the"),
    "a quote within": (b'account,notes\n41,"x"y\n', "Row 2 has a quote in the middle of a cell"),
    "a hundred columns": (b"account" + b",x" * 100 + b"\n41\n", "Row 1 has 101 columns; 100 is the most."),
    "an unknown column": (b"account,acount\n41,42\n", "Row 1: “acount” is a column that the action does not know."),
    "a column twice": (b"account,account\n41,42\n", "Row 1 names account more than once."),
    "no heading": (b"\n41\n", "Row 1 is empty."),
    "nothing": (b"", "Row 1 is empty."),
    "a mark alone": (b"\xef\xbb\xbf", "Row 1 is empty."),
    "a heading alone": (b"account,notes\r\n", "There are no rows."),
    "rows of nothing": (b"account,notes\n,\n , \n", "There are no rows."),
    "a Mac's line ends": (b"account,notes\r41,x\r", "Row 1 ends as old Macs end lines."),
    "a long cell": (b"account,notes\n41," + b"x" * 140_000, "Row 2 has a cell of more than 131,072 characters"),
    "bad at its end": (b"account\n" + b"".join(b"%d\n" % n for n in range(900)) + b"\xff\n", "Line 902 is not UTF-8"),
}

GOOD = b"\xef\xbb\xbfaccount;notes\r\n41;x\r\n\r\n42;\r\n"
"""What a spreadsheet writes: a mark, semicolons, Windows' line ends, an empty row."""

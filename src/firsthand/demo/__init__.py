"""A small subscription business to try Firsthand on.

`shop.py` is the business and `customers.py` who buys there; `support.py` is its desk; `history.py` lays out a year,
which goes by in `year.py` with what happens in `stories.py` and `fraud.py`; `starting.py` prepares it all in a folder.
"""

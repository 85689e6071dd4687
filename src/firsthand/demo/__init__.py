"""A small subscription business to try Firsthand on: `shop.py` is it, `support.py` its desk."""

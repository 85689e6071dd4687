"""How a run is performed when its caller does not wait: workers, and what wakes them."""

from ..databases import kind as kind

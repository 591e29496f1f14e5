"""The independent proof of `unpickled.pickles`: CPython's own unpickler, neutralised, is the judge."""

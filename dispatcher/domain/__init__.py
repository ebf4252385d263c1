"""The nouns of the field: frozen records, legal moves, and `apply`, which folds a fact into them."""

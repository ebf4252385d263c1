"""Browser tests; a package, so that their one demo ends with this folder."""

"""The manuals as policy files, compiled once."""

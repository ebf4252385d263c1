"""A dispatch desk for after-sales field service: who goes where, when, and why."""

__version__ = "0.1.0"

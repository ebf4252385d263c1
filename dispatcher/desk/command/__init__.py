"""May this happen? Wishes become facts, or are refused with the sentence to show."""

"""Messages to people, by channel."""

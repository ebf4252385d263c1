"""Messages to customers and roles: templates, channels, bounded retries; the log keeps what became of each."""

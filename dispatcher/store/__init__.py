"""What is durable: one schema on SQLite and PostgreSQL."""

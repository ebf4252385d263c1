"""The live socket: rows, topics, the hub that sends them, and the feed people read."""

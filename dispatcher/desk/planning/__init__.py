"""What now? The day as a question to the solver, and its answer as routes people read."""

"""Business rules compiled to arrays, each with its reason and clause."""

"""Plans from arrays: the judge, the kernels and the engines; no business word below this line."""

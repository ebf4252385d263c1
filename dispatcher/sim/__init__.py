"""A world in virtual time around the very same desk."""

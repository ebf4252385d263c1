"""From an OpenStreetMap extract to a city folder; slow, and never imported by a running desk."""

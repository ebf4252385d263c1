"""The decisions: commands (may this happen?) and planning (what now?)."""

"""Pure values: no I/O, no settings, no clock. Everything else may import this; this imports nothing of the project."""

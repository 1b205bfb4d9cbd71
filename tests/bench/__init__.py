"""What the service costs and how fast it answers, beside the bare parsers, measured in one run: `make bench`."""

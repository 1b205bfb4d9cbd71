"""Load on a running service, by Locust: what it can do, whether it holds its targets, and what gives way first (docs/load.md)."""

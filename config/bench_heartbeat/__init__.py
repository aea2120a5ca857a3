"""The site that `make bench-heartbeat` measures: the real one, and a bare view beside it."""

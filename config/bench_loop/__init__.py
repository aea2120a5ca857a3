"""The site that `make bench-loop` walks: the real one, and a bare view beside it."""

"""What `make bench-media` measures with: films, a house with real workers, the ways of others, and judges."""

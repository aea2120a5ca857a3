"""Pages of the institutions room."""

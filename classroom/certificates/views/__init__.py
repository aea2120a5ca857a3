"""Pages of certificates: one's own, and public verification."""

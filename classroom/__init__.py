"""Who learns, and what they achieved."""

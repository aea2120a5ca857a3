"""A lecture from bytes to stream. Knows no learner and no course."""

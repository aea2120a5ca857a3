"""Chinese search for Wagtail on SQLite and PostgreSQL: runs of Chinese are indexed as single
characters and overlapping pairs, and a query becomes its pairs, all of which must be there."""

from modelsearch.backends.database import SearchBackend  # noqa: F401 - replaced by the catalogue's own

"""Chinese search for Wagtail on SQLite (FTS5) and PostgreSQL.

Runs of Chinese are indexed as single characters and overlapping pairs; a query becomes terms (see
`courses.catalogue.terms`), each of them its pairs, all of which must be there, or those of one of
its synonyms. Nothing that is typed reaches an engine but letters, digits and Chinese.
"""

from functools import cache
from importlib import import_module
from typing import Any

from django.db import connection
from modelsearch.query import And, Boost, MatchAll, Not, Or, Phrase, PlainText, SearchQuery

from courses.catalogue.terms import indexed, pieces, terms_of, variants

# A word that no index holds: a query without any term finds nothing.
_NOTHING = "zzqxnothing"


def rewritten(query: SearchQuery) -> SearchQuery:
    """Return a query that asks for the pairs of its Chinese terms and for their synonyms."""
    if isinstance(query, PlainText):
        terms = [_term(term) for term in terms_of(query.query_string)]
        if not terms:
            return PlainText(_NOTHING)
        if len(terms) == 1:
            return terms[0]
        return And(terms) if query.operator == "and" else Or(terms)
    if isinstance(query, Phrase):
        return rewritten(PlainText(query.query_string))
    if isinstance(query, And | Or):
        return type(query)([rewritten(part) for part in query.subqueries])
    if isinstance(query, Not):
        return Not(rewritten(query.subquery))
    if isinstance(query, Boost):
        return Boost(rewritten(query.subquery), query.boost)
    return query


def _term(term: str) -> SearchQuery:
    ways = []
    for variant in variants(term):
        words = [piece for part in terms_of(variant) for piece in pieces(part)]
        if words:
            ways.append(PlainText(" ".join(words), operator="and"))
    return ways[0] if len(ways) == 1 else Or(ways)


def _compiler(base: Any) -> Any:
    class Compiler(base):  # type: ignore[misc] # the engine decides the class
        """Rewrites the query before it is compiled."""

        def __init__(self, queryset: Any, query: Any, *args: Any, **kwargs: Any) -> None:
            query = PlainText(query) if isinstance(query, str) else query
            if not isinstance(query, MatchAll):
                query = rewritten(query)
            super().__init__(queryset, query, *args, **kwargs)

    return Compiler


# Built once: a second round would take the first one's classes as its base and segment twice.
@cache
def _backend(module_name: str, class_name: str) -> Any:
    module: Any = import_module(module_name)
    base = getattr(module, class_name)

    class Indexer(module.ObjectIndexer):  # type: ignore[misc] # the engine decides the class
        """Indexes Chinese as single characters and pairs."""

        def prepare_value(self, value: Any) -> Any:
            prepared = super().prepare_value(value)
            return indexed(prepared) if isinstance(value, str) else prepared

    # The engines look the class up as a global of their module.
    module.ObjectIndexer = Indexer
    return type(
        "ChineseSearchBackend",
        (base,),
        {
            "query_compiler_class": _compiler(base.query_compiler_class),
            "autocomplete_query_compiler_class": _compiler(base.autocomplete_query_compiler_class),
        },
    )


def SearchBackend(params: dict[str, Any]) -> Any:  # noqa: N802 - the name that Wagtail looks for
    """Return the backend of the database that is in use."""
    if connection.vendor == "postgresql":
        made = _backend("modelsearch.backends.database.postgres.postgres", "PostgresSearchBackend")
        return made({"SEARCH_CONFIG": "simple", **params})
    return _backend("modelsearch.backends.database.sqlite.sqlite", "SQLiteSearchBackend")(params)

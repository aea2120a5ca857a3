"""Reads of the question bank."""

from django.db.models import Count, F, Q, QuerySet

from courses.questions.models import Question, QuestionBank, QuestionVersion


def pool(bank: QuestionBank, kind: str) -> QuerySet[QuestionVersion]:
    """Return the versions that an exam may draw: current ones of questions that are not retired."""
    return (
        QuestionVersion.objects.filter(
            question__bank=bank,
            question__kind=kind,
            question__retired_at__isnull=True,
            question__current_id=F("pk"),
        )
        .select_related("question")
        .order_by("question__reference")
    )


def pool_sizes(bank: QuestionBank) -> dict[str, int]:
    """Return how many questions of each kind an exam may draw from the bank (one query)."""
    rows = (
        Question.objects.filter(bank=bank, retired_at__isnull=True, current__isnull=False)
        .order_by()
        .values_list("kind")
        .annotate(n=Count("pk"))
    )
    return {kind: n for kind, n in rows}


def banks_with_counts() -> QuerySet[QuestionBank]:
    """Return the banks, each with `in_use` and `retired`: how many of its questions are so."""
    return QuestionBank.objects.annotate(
        in_use=Count("questions", filter=Q(questions__retired_at__isnull=True)),
        retired=Count("questions", filter=Q(questions__retired_at__isnull=False)),
    )


def history(question: Question) -> QuerySet[QuestionVersion]:
    """Return all versions of a question, the newest first."""
    return question.versions.select_related("created_by").order_by("-number")


def questions_of(
    bank: QuestionBank, *, words: str = "", kind: str = "", state: str = ""
) -> QuerySet[Question]:
    """Return a bank's questions with their current version.

    `words` must all stand in the question or be its reference; `state` is "" for those in use,
    "retired" or "all".
    """
    questions = bank.questions.select_related("current").order_by("reference")
    if state != "all":
        questions = questions.filter(retired_at__isnull=state != "retired")
    if kind:
        questions = questions.filter(kind=kind)
    return with_words(questions, words)


def with_words(questions: QuerySet[Question], words: str) -> QuerySet[Question]:
    """Keep the questions in which every word stands, or whose reference it is."""
    for word in words.split():
        questions = questions.filter(Q(current__stem__icontains=word) | Q(reference__iexact=word))
    return questions


def askable() -> QuerySet[Question]:
    """Return the questions in use of all banks, with wording and bank: what a lecture may ask."""
    in_use = Question.objects.filter(retired_at__isnull=True, current__isnull=False)
    return in_use.select_related("current", "bank").order_by("bank__code", "reference")

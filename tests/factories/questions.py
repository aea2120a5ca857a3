"""Banks, questions and their versions."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from courses.questions.models import Question, QuestionBank, QuestionVersion

SINGLE = [{"key": key, "text": f"选项{key}"} for key in "ABCD"]
TRUE_FALSE = [{"key": "A", "text": "正确"}, {"key": "B", "text": "错误"}]


class QuestionBankFactory(DjangoModelFactory):
    """A bank without questions."""

    class Meta:
        model = QuestionBank

    code = factory.Sequence(lambda n: f"bank-{n}")
    name = factory.Sequence(lambda n: f"题库{n}")


class QuestionFactory(DjangoModelFactory):
    """A single-choice question with a first version; the right answer is A (A and B of a multiple one)."""

    class Meta:
        model = Question
        skip_postgeneration_save = True

    bank = factory.SubFactory(QuestionBankFactory)
    reference = factory.Sequence(lambda n: f"Q{n:04d}")
    kind = Question.Kind.SINGLE

    @factory.post_generation
    def version(self, create: bool, extracted: bool | None, **fields: object) -> None:
        """Make the first version current; `version=False` leaves the question bare."""
        if create and extracted is not False:
            self.current = QuestionVersionFactory(question=self, **fields)
            self.save(update_fields=["current"])


class QuestionVersionFactory(DjangoModelFactory):
    """One wording. Its question is made without a version of its own."""

    class Meta:
        model = QuestionVersion

    question = factory.SubFactory(QuestionFactory, version=False)
    number = factory.LazyAttribute(lambda o: o.question.versions.count() + 1)
    stem = factory.Sequence(lambda n: f"资质认定证书的有效期为多少年？（{n}）")
    options = factory.LazyAttribute(
        lambda o: [dict(option) for option in (TRUE_FALSE if o.question.kind == "true_false" else SINGLE)]
    )
    answers = factory.LazyAttribute(lambda o: ["A", "B"] if o.question.kind == "multiple" else ["A"])
    explanation = "资质认定证书有效期为6年。"
    legal_basis = "《检验检测机构资质认定管理办法》第十三条"

    class Params:
        frozen = factory.Trait(frozen_at=factory.LazyFunction(timezone.now))


def fill_bank(*, single: int = 0, multiple: int = 0, true_false: int = 0, **fields: object) -> QuestionBank:
    """Return a bank with so many questions of each kind, each with a current version."""
    bank = QuestionBankFactory(**fields)
    for kind, count in (("single", single), ("multiple", multiple), ("true_false", true_false)):
        for _ in range(count):
            QuestionFactory(bank=bank, kind=kind)
    return bank

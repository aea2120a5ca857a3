"""Starting, saving, handing in: the server's clock, one attempt, nothing acknowledged is lost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from classroom.enrolment.models import Enrolment
from classroom.exams import admission, errors, queries, services, tasks
from classroom.exams.admission import Admission
from classroom.exams.models import Attempt
from classroom.exams.queries import Reason
from courses.questions.models import QuestionVersion
from tests.factories.catalogue import complete_edition
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.exams import AttemptFactory
from tests.threads import in_threads

MINUTE = timedelta(minutes=1)
OPEN = Admission(is_met=True)


def enrolled(**exam):
    edition = complete_edition(videos=0, reading=False)
    for name, value in exam.items():
        setattr(edition.exam, name, value)
    edition.exam.save()
    return EnrolmentFactory(edition=edition)


@pytest.fixture
def enrolment(db):
    return enrolled()


@pytest.fixture
def attempt(enrolment):
    return services.start_attempt(enrolment=enrolment)


def save(attempt, place=0, choice=("A",), revision=1, now=None, flagged=False):
    return services.save_answer(
        attempt=attempt,
        version_id=attempt.paper[place]["version"],
        choice=list(choice),
        is_flagged=flagged,
        revision=revision,
        now=now,
    )


def answer_all(attempt, right=True):
    for place, item in enumerate(attempt.paper):
        answers = QuestionVersion.objects.get(pk=item["version"]).answers
        save(attempt, place, answers if right else ["B"])


class TestStart:
    def test_the_paper_comes_from_the_frozen_pools_and_is_frozen_with_its_seed(self, enrolment):
        now = timezone.now()
        attempt = services.start_attempt(enrolment=enrolment, now=now)
        pools = {section["kind"]: section["pool"] for section in enrolment.edition.exam.sections}
        assert [item["kind"] for item in attempt.paper] == ["single", "single", "multiple", "true_false"]
        assert all(item["version"] in pools[item["kind"]] for item in attempt.paper)
        assert len(attempt.seed) == 32
        assert attempt.deadline_at == now + 60 * MINUTE
        assert (attempt.number, attempt.max_points, attempt.state) == (1, Decimal(4), "in_progress")

    def test_a_second_press_returns_the_same_attempt(self, enrolment, attempt):
        assert services.start_attempt(enrolment=enrolment).pk == attempt.pk

    def test_one_whose_time_is_up_is_handed_in_and_a_new_one_begins(self, enrolment, attempt):
        later = attempt.deadline_at + MINUTE
        new = services.start_attempt(enrolment=enrolment, now=later)
        attempt.refresh_from_db()
        assert (new.number, attempt.state, attempt.is_auto_submitted) == (2, "graded", True)

    def test_lessons_come_first(self, enrolment):
        with pytest.raises(errors.NotEligible) as refusal:
            services.start_attempt(enrolment=enrolment, lessons_met=False)
        assert refusal.value.reason == Reason.LESSONS
        assert not Attempt.objects.unscoped("test").exists()

    def test_the_interval_is_kept(self, db):
        enrolment = enrolled(interval_minutes=30)
        first = services.submit(attempt=services.start_attempt(enrolment=enrolment))
        with pytest.raises(errors.NotEligible) as refusal:
            services.start_attempt(enrolment=enrolment)
        assert refusal.value.reason == Reason.INTERVAL
        after = first.submitted_at + 30 * MINUTE
        assert services.start_attempt(enrolment=enrolment, now=after).number == 2

    def test_attempts_run_out_and_a_voided_one_does_not_count(self, db):
        enrolment = enrolled(attempts_allowed=1)
        attempt = services.submit(attempt=services.start_attempt(enrolment=enrolment))
        with pytest.raises(errors.NotEligible) as refusal:
            services.start_attempt(enrolment=enrolment)
        assert refusal.value.reason == Reason.NO_ATTEMPTS
        Attempt.objects.unscoped("test").filter(pk=attempt.pk).update(state="voided")
        assert services.start_attempt(enrolment=enrolment).number == 2

    def test_passed_is_passed(self, enrolment, attempt):
        answer_all(attempt)
        services.submit(attempt=attempt)
        with pytest.raises(errors.NotEligible) as refusal:
            services.start_attempt(enrolment=enrolment)
        assert refusal.value.reason == Reason.PASSED

    def test_a_withdrawn_learner_and_a_course_without_exam(self, db):
        gone = enrolled()
        Enrolment.objects.unscoped("test").filter(pk=gone.pk).update(state="withdrawn")
        bare = EnrolmentFactory(edition=complete_edition(videos=0, reading=True, exam=False))
        for enrolment, reason in ((gone, Reason.WITHDRAWN), (bare, Reason.NO_EXAM)):
            with pytest.raises(errors.NotEligible) as refusal:
                services.start_attempt(enrolment=enrolment)
            assert refusal.value.reason == reason


class TestSave:
    def test_an_answer_is_kept_changed_and_taken_back(self, attempt):
        assert save(attempt).accepted
        assert save(attempt, choice=["B"], revision=2, flagged=True).accepted
        assert save(attempt, choice=[], revision=3).accepted
        answer = attempt.answers.get()
        assert (answer.choice, answer.revision, answer.is_flagged) == ([], 3, False)

    def test_an_older_revision_never_overwrites_a_newer_one(self, attempt):
        save(attempt, choice=["C"], revision=5)
        for revision in (1, 4, 5):
            saved = save(attempt, choice=["A"], revision=revision)
            assert (saved.accepted, saved.answer.choice) == (False, ["C"])
        assert attempt.answers.get().choice == ["C"]

    def test_a_repeated_request_is_acknowledged_again(self, attempt):
        first = save(attempt, choice=["A"], revision=1)
        again = save(attempt, choice=["A"], revision=1)
        assert again.accepted
        assert again.answer.saved_at == first.answer.saved_at

    def test_the_deadline_is_the_servers_and_sharp(self, attempt):
        moment = timedelta(milliseconds=1)
        assert save(attempt, now=attempt.deadline_at - moment).accepted
        with pytest.raises(errors.DeadlinePassed):
            save(attempt, place=1, now=attempt.deadline_at)
        assert attempt.answers.count() == 1

    def test_after_handing_in_nothing_changes(self, attempt):
        services.submit(attempt=attempt)
        with pytest.raises(errors.AttemptClosed):
            save(attempt)

    @pytest.mark.parametrize("choice", [["Z"], ["A", "A"], ["A", "B"], [""]])
    def test_an_impossible_choice_is_refused(self, attempt, choice):
        with pytest.raises(errors.ImpossibleChoice):
            save(attempt, choice=choice)

    def test_several_options_only_of_multiple_choice(self, attempt):
        assert save(attempt, place=2, choice=["B", "A"]).answer.choice == ["A", "B"]

    def test_a_question_of_another_paper_is_refused(self, attempt):
        with pytest.raises(errors.UnknownQuestion):
            services.save_answer(
                attempt=attempt, version_id=10**9, choice=["A"], is_flagged=False, revision=1
            )


class TestSubmit:
    def test_all_right(self, attempt):
        answer_all(attempt)
        graded = services.submit(attempt=attempt)
        assert (graded.state, graded.score, graded.is_passed) == ("graded", Decimal("100.0"), True)
        assert (graded.points, graded.is_auto_submitted) == (Decimal(4), False)

    def test_nothing_answered_is_nothing_earned(self, attempt):
        graded = services.submit(attempt=attempt)
        assert (graded.score, graded.is_passed) == (Decimal("0.0"), False)

    def test_a_second_time_changes_nothing(self, attempt):
        answer_all(attempt)
        first = services.submit(attempt=attempt)
        again = services.submit(attempt=attempt, now=timezone.now() + MINUTE)
        assert again.submitted_at == first.submitted_at

    def test_too_late_counts_as_handed_in_at_the_deadline(self, attempt):
        graded = services.submit(attempt=attempt, now=attempt.deadline_at + 5 * MINUTE)
        assert graded.submitted_at == attempt.deadline_at
        assert graded.is_auto_submitted

    def test_an_edited_question_does_not_change_the_key(self, attempt):
        answer_all(attempt)
        for question in QuestionVersion.objects.filter(pk=attempt.paper[0]["version"]):
            assert question.frozen_at is not None
        assert services.submit(attempt=attempt).score == Decimal("100.0")


class TestSweep:
    def test_it_hands_in_what_was_saved_by_the_deadline(self, attempt):
        answer_all(attempt)
        other = AttemptFactory()
        assert services.close_overdue(now=attempt.deadline_at - MINUTE) == 0
        assert services.close_overdue(now=max(attempt.deadline_at, other.deadline_at)) == 2
        attempt.refresh_from_db()
        assert (attempt.is_auto_submitted, attempt.is_passed) == (True, True)
        assert attempt.submitted_at == attempt.deadline_at
        assert tasks.sweep() == 0

    def test_one_that_fails_does_not_hold_up_the_others(self, attempt, caplog):
        broken = AttemptFactory(
            paper=[{"version": 10**9, "kind": "single", "points": "1", "partial": False, "order": []}]
        )
        later = max(attempt.deadline_at, broken.deadline_at)
        assert services.close_overdue(now=later) == 1
        assert "could not be closed" in caplog.text


class TestQueries:
    def test_best_is_the_highest_and_scores_are_never_added(self, enrolment):
        for number, score in ((1, "55.0"), (2, "70.0"), (3, "70.0")):
            AttemptFactory(
                enrolment=enrolment,
                exam=enrolment.edition.exam,
                number=number,
                graded=True,
                score=Decimal(score),
            )
        assert queries.best_attempt(enrolment).number == 2

    def test_nothing_sat_nothing_best(self, enrolment):
        assert queries.best_attempt(enrolment) is None
        assert queries.open_attempt(enrolment) is None

    def test_the_paper_shows_no_key(self, attempt):
        questions = queries.questions_of(attempt)
        assert [option["letter"] for option in questions[0].options] == ["A", "B", "C", "D"]
        assert set(questions[0].options[0]) == {"key", "letter", "text"}
        assert not hasattr(questions[0], "answers")

    def test_the_key_waits_until_no_other_attempt_lies_ahead(self, attempt):
        assert not queries.may_see_answers(attempt, may_sit_again=False)
        graded = services.submit(attempt=attempt)
        assert not queries.may_see_answers(graded, may_sit_again=True)
        assert queries.may_see_answers(graded, may_sit_again=False)
        graded.exam.shows_answers = False
        assert not queries.may_see_answers(graded, may_sit_again=False)

    def test_whoever_knows_is_asked(self, enrolment, monkeypatch):
        monkeypatch.setattr(admission, "_asks", [lambda one: Admission(False, 1, 3)])
        verdict = queries.eligibility(enrolment)
        assert (verdict.can_start, verdict.reason) == (False, Reason.LESSONS)
        assert "2" in verdict.words
        monkeypatch.setattr(admission, "_asks", [])
        assert queries.eligibility(enrolment).can_start
        assert queries.eligibility(enrolment, admission=OPEN).left == 3


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_two_devices_start_one_attempt(self):
        enrolment = enrolled()
        started = []
        assert in_threads(4, lambda n: started.append(services.start_attempt(enrolment=enrolment).pk)) == []
        assert len(set(started)) == 1

    def test_the_newest_revision_wins_in_any_order(self):
        attempt = services.start_attempt(enrolment=enrolled())
        assert in_threads(6, lambda n: save(attempt, choice=["ABCD"[n % 4]], revision=n + 1)) == []
        answer = attempt.answers.get()
        assert (answer.revision, answer.choice) == (6, ["B"])

    def test_an_answer_is_graded_or_refused(self):
        attempt = services.start_attempt(enrolment=enrolled())
        answer_all(attempt)
        refused = []

        def work(n):
            try:
                if n:
                    save(attempt, choice=["B"], revision=2)
                else:
                    services.submit(attempt=attempt)
            except errors.AttemptClosed:
                refused.append(n)

        assert in_threads(2, work) == []
        attempt.refresh_from_db()
        assert attempt.score == (Decimal("100.0") if refused else Decimal("75.0"))

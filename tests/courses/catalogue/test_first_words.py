"""A draft is kept from its first word on: the editor saves by itself while a trainer types."""

import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from courses.catalogue.errors import PublishRefused
from courses.catalogue.models import CoursePage
from courses.catalogue.readiness import blocking
from courses.catalogue.services import submit_for_review
from tests.courses.catalogue.test_admin import add_address, edit_address, errors_of, visitor
from tests.courses.forms import course_form
from tests.factories.catalogue import CoursePageFactory

pytestmark = pytest.mark.django_db

UNWRITTEN = {name: "" for name in ("code", "topic", "credit_hours", "purpose", "audience", "teacher", "slug")}


def begun(title: str = "仪器设备期间核查", **more: str) -> dict[str, str]:
    """Return the form as it stands when only the title was typed."""
    return {**course_form("B9"), **UNWRITTEN, "title": title, **more}


def keep(trainer: Client, address: str, form: dict[str, str]) -> dict[str, Any]:
    """Save as the editor does by itself."""
    answer = trainer.post(address, form, headers={"accept": "application/json"})
    assert answer.status_code == 200, answer.content.decode()
    return dict(answer.json())


def test_a_title_alone_is_kept() -> None:
    trainer = visitor("Trainers")
    said = keep(trainer, add_address(), begun())
    page = CoursePage.objects.get(title="仪器设备期间核查")
    assert said["success"] is True
    assert (page.code, page.topic, page.credit_hours, page.live) == ("", None, None, False)
    assert re.fullmatch(r"draft-[0-9a-f]{8}", page.slug)


def test_two_drafts_without_a_code_stand_side_by_side() -> None:
    trainer = visitor("Trainers")
    keep(trainer, add_address(), begun("第一门"))
    keep(trainer, add_address(), begun("第二门"))
    drafts = CoursePage.objects.filter(code="")
    assert drafts.count() == 2
    assert len(set(drafts.values_list("slug", flat=True))) == 2


def test_the_code_replaces_an_address_of_chance() -> None:
    trainer = visitor("Trainers")
    keep(trainer, add_address(), begun())
    page = CoursePage.objects.get(code="")
    keep(trainer, edit_address(page), begun(slug=page.slug, code="B951"))
    draft = CoursePage.objects.get(pk=page.pk).get_latest_revision_as_object()
    assert (draft.code, draft.slug) == ("B951", "b951")


def test_an_address_that_was_written_stays() -> None:
    trainer = visitor("Trainers")
    keep(trainer, add_address(), begun(slug="period-checks"))
    page = CoursePage.objects.get(slug="period-checks")
    keep(trainer, edit_address(page), begun(slug="period-checks", code="B952"))
    assert CoursePage.objects.get(pk=page.pk).get_latest_revision_as_object().slug == "period-checks"


def test_a_published_course_keeps_whatever_address_it_has() -> None:
    trainer = visitor("Trainers")
    page = CoursePageFactory(owner=trainer.user, slug="draft-0123abcd")
    page.save_revision().publish()
    form = {**course_form(page.code), "slug": page.slug, "title": page.title}
    keep(trainer, edit_address(page), form)
    assert CoursePage.objects.get(pk=page.pk).get_latest_revision_as_object().slug == "draft-0123abcd"


def test_a_code_is_held_by_one_course_only() -> None:
    trainer = visitor("Trainers")
    page = CoursePageFactory()
    answer = trainer.post(add_address(), begun(code=page.code))
    assert answer.status_code == 200
    assert errors_of(answer)
    assert CoursePage.objects.filter(code=page.code).count() == 1


def test_the_database_holds_it_too() -> None:
    first, second = CoursePageFactory(), CoursePageFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        CoursePage.objects.filter(pk=second.pk).update(code=first.code)


@pytest.mark.parametrize("missing", ["code", "topic", "credit_hours"])
def test_a_course_without_it_is_not_submitted_and_the_field_says_so(missing: str) -> None:
    trainer = visitor("Trainers")
    form = {**course_form("B953"), missing: "", "action-submit": "1"}
    answer = trainer.post(add_address(), form)
    assert answer.status_code == 200
    assert missing in errors_of(answer)
    assert not CoursePage.objects.filter(title=form["title"]).exists()


@pytest.mark.parametrize(
    ("missing", "value", "code"),
    [("code", "", "no_code"), ("topic", None, "no_topic"), ("credit_hours", None, "no_credit_hours")],
)
def test_no_other_door_lets_it_through(missing: str, value: Any, code: str) -> None:
    owner = visitor("Trainers").user
    page = CoursePageFactory(live=False, owner=owner)
    setattr(page, missing, value)
    assert code in {problem.code for problem in blocking(page)}
    page.save_revision(user=owner, clean=False)
    with pytest.raises(PublishRefused):
        submit_for_review(page=page, by=owner)


def test_an_unfinished_draft_can_be_looked_at_and_stands_in_the_list() -> None:
    trainer = visitor("Trainers")
    keep(trainer, add_address(), begun())
    page = CoursePage.objects.get(code="")
    preview = trainer.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))
    assert preview.status_code == 200
    assert "仪器设备期间核查" in preview.content.decode()
    assert "仪器设备期间核查" in trainer.get("/admin/").content.decode()


@pytest.mark.parametrize("wrong", [{"code": "b9"}, {"title": ""}, {"pass_mark": "many"}])
def test_what_cannot_be_kept_as_it_stands_is_told_and_is_no_failure(wrong: dict[str, str]) -> None:
    trainer = visitor("Trainers")
    said = keep(trainer, add_address(), {**begun("半句话"), **wrong})
    assert (said["success"], said["error_code"]) == (False, "validation_error")
    assert said["error_message"]
    assert not CoursePage.objects.filter(title="半句话").exists()


def test_a_save_that_comes_after_ones_own_click_makes_no_second_page() -> None:
    trainer = visitor("Trainers")
    form = begun("两次保存", code="B954")
    assert trainer.post(add_address(), form).status_code == 302
    assert keep(trainer, add_address(), form)["success"] is False
    assert CoursePage.objects.filter(title="两次保存").count() == 1


def test_a_save_by_itself_that_comes_after_ones_own_click_is_told_and_is_no_failure() -> None:
    trainer = visitor("Trainers")
    keep(trainer, add_address(), begun())
    page = CoursePage.objects.get(code="")
    former = str(page.get_latest_revision().pk)
    assert trainer.post(edit_address(page), begun("我自己点的", slug=page.slug)).status_code == 302
    said = keep(
        trainer, edit_address(page), begun("它自己存的", slug=page.slug, overwrite_revision_id=former)
    )
    assert (said["success"], said["error_code"]) == (False, "invalid_revision")
    assert CoursePage.objects.get(pk=page.pk).get_latest_revision_as_object().title == "我自己点的"

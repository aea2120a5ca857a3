"""Who sees which lecture and who may change it: every role at every door of the lecture admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from media.models import Encode, Lecture, Track
from tests.factories.media import EncodeFactory, LectureFactory, TrackFactory, UploadFactory
from tests.factories.people import UserFactory
from tests.media.conftest import LECTURES

pytestmark = pytest.mark.django_db

Enter = Callable[..., Client]
Make = Callable[..., Any]

READS = {
    "detail": "{pk}/",
    "captions": "{pk}/captions/zh-Hans.vtt",
}
WRITES: dict[str, tuple[str, dict[str, Any]]] = {
    "about": ("{pk}/", {"form": "about", "title": "Taken over", "language": "en"}),
    "poster": ("{pk}/", {"form": "poster", "clear": "1"}),
    "encoding": ("{pk}/", {"form": "encoding", "content": "still", "max_height": "480"}),
    "retry": ("{pk}/retry/", {}),
    "trash": ("{pk}/trash/", {"is_sure": "on"}),
    "restore": ("{pk}/restore/", {}),
    "captions away": ("{pk}/captions/zh-Hans/delete/", {}),
}


@pytest.fixture
def lecture(lecture: Lecture) -> Lecture:
    TrackFactory(lecture=lecture)
    return lecture


def as_it_was(lecture: Lecture) -> bool:
    now = Lecture.objects.get(pk=lecture.pk)
    same = (now.title, now.options, now.trashed_at, now.poster) == ("Subcontracting", {}, None, "")
    return same and Track.objects.filter(lecture=lecture).exists() and now.encodes.count() == 1


def someone(role: str, member: Make, lecture: Lecture) -> Any:
    """A person of a role who is not the lecture's trainer; None for nobody."""
    if role == "anonymous":
        return None
    if role == "learner":
        return UserFactory(language="en")
    if role == "admin without lectures":
        user = UserFactory(is_staff=True, language="en")
        user.user_permissions.add(Permission.objects.get(codename="access_admin"))
        return user
    if role == "left the trainers":
        lecture.owner.groups.clear()
        return type(lecture.owner).objects.get(pk=lecture.owner_id)
    if role == "switched off":
        lecture.owner.is_active = False
        lecture.owner.save()
        return lecture.owner
    return member(role)


OUTSIDE = ["anonymous", "learner", "admin without lectures", "left the trainers", "switched off"]


@pytest.mark.parametrize("role", OUTSIDE)
def test_who_has_nothing_to_do_with_lectures_gets_through_no_door(
    role: str, lecture: Lecture, member: Make, entered: Enter
) -> None:
    client = entered(someone(role, member, lecture))
    doors = [LECTURES, f"{LECTURES}live/", f"{LECTURES}running/", reverse("lecture_chooser:choose")]
    doors += [LECTURES + path.format(pk=lecture.pk) for path in READS.values()]
    for door in doors:
        response = client.get(door)
        assert response.status_code in {302, 403}, door
        assert b"Subcontracting" not in response.content
    for path, data in WRITES.values():
        assert client.post(LECTURES + path.format(pk=lecture.pk), data).status_code in {302, 403}
    assert as_it_was(lecture)


def test_a_trainer_of_another_institution_finds_nothing_of_it(
    lecture: Lecture, member: Make, entered: Enter
) -> None:
    stranger = member("Trainers")
    own = LectureFactory(owner=stranger, title="Sampling")
    client = entered(stranger)
    html = client.get(LECTURES).content.decode()
    assert "Sampling" in html
    assert "Subcontracting" not in html
    assert lecture.owner.name not in html
    assert "Subcontracting" not in client.get(f"{LECTURES}?q=Sub").content.decode().replace('value="Sub"', "")
    rows = client.get(f"{LECTURES}live/?rows=lecture-{lecture.pk},lecture-{own.pk}").json()["rows"]
    assert list(rows) == [f"lecture-{own.pk}"]
    for path in READS.values():
        assert client.get(LECTURES + path.format(pk=lecture.pk)).status_code == 404
    for path, data in WRITES.values():
        assert client.post(LECTURES + path.format(pk=lecture.pk), data).status_code == 404
    assert as_it_was(lecture)


def test_a_trainer_of_the_same_institution_does_not_either(
    lecture: Lecture, member: Make, entered: Enter
) -> None:
    colleague = member("Trainers")
    Lecture.objects.filter(pk=lecture.pk).update(tenant="institution:1")
    LectureFactory(owner=colleague, tenant="institution:1")
    assert entered(colleague).get(f"{LECTURES}{lecture.pk}/").status_code == 404


@pytest.mark.parametrize("what", sorted(WRITES))
def test_a_reviewer_sees_everything_and_changes_nothing(
    what: str, lecture: Lecture, member: Make, entered: Enter
) -> None:
    client = entered(member("Reviewers"))
    for path in READS.values():
        assert client.get(LECTURES + path.format(pk=lecture.pk)).status_code == 200
    path, data = WRITES[what]
    response = client.post(LECTURES + path.format(pk=lecture.pk), data)
    assert response.status_code in {302, 403}
    assert as_it_was(lecture)


def test_a_reviewer_is_shown_no_button_that_would_be_refused(
    lecture: Lecture, member: Make, entered: Enter
) -> None:
    EncodeFactory(lecture__title="Sampling", failed=True)
    reviewer = entered(member("Reviewers"))
    for url in (f"{LECTURES}{lecture.pk}/", LECTURES):
        page = reviewer.get(url).content.decode()
        page = page.split('class="lec"', 1)[1]
        forms = [part.split(">", 1)[0] for part in page.split("<form")[1:]]
        assert not [form for form in forms if 'method="post"' in form]
        assert "data-up-drop" not in page


@pytest.mark.parametrize("what", sorted(WRITES))
def test_an_operator_changes_everyones(what: str, lecture: Lecture, member: Make, entered: Enter) -> None:
    path, data = WRITES[what]
    client = entered(member("Operators"))
    assert client.post(LECTURES + path.format(pk=lecture.pk), data).status_code == 302
    assert as_it_was(lecture) == (what in {"poster", "retry", "restore"})


@pytest.mark.parametrize("what", sorted(WRITES))
def test_no_change_is_made_without_a_token_or_by_a_link(what: str, lecture: Lecture, entered: Enter) -> None:
    path, data = WRITES[what]
    url = LECTURES + path.format(pk=lecture.pk)
    assert entered(lecture.owner, enforce_csrf_checks=True).post(url, data).status_code == 403
    assert entered(lecture.owner).get(url, data).status_code in {200, 405}
    assert as_it_was(lecture)


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 30, "-1", "x", "1.5"])
def test_a_lecture_that_is_not_there_is_not_found(pk: str, owner: Any, entered: Enter) -> None:
    client = entered(owner)
    for path in ("/", "/trash/", "/captions/en.vtt"):
        assert client.get(f"{LECTURES}{pk}{path}", follow=True).status_code == 404


def test_an_upload_is_shown_to_who_sends_it_alone(owner: Any, member: Make, entered: Enter) -> None:
    upload = UploadFactory(owner=owner, filename="private.mp4")
    assert "private.mp4" in entered(owner).get(LECTURES).content.decode()
    for other in (member("Trainers"), member("Reviewers"), member("Operators")):
        html = entered(other).get(LECTURES).content.decode()
        assert str(upload.pk) not in html
        rows = entered(other).get(f"{LECTURES}live/?uploads=1&rows=upload-{upload.pk}").json()["rows"]
        assert rows == {}


@pytest.mark.parametrize(
    ("group", "menu"),
    [("Trainers", {"lectures"}), ("Reviewers", {"lectures"}), ("Operators", {"lectures", "running"})],
)
def test_the_menu_leads_where_one_may_go(group: str, menu: set[str], member: Make, entered: Enter) -> None:
    html = entered(member(group)).get(LECTURES).content.decode()
    found = {
        name
        for name, url in (("lectures", f'"{LECTURES}"'), ("running", f"{LECTURES}running/"))
        if url in html
    }
    assert found == menu


@pytest.mark.parametrize(("group", "count"), [("Trainers", 1), ("Reviewers", 3), ("Operators", 3)])
def test_the_chooser_offers_what_the_person_sees(
    group: str, count: int, owner: Any, lecture: Lecture, member: Make, entered: Enter
) -> None:
    LectureFactory(published=True, title="Sampling")
    LectureFactory(published=True, title="Uncertainty")
    LectureFactory(published=True, title="Old", trashed_at=timezone.now())
    user = owner if group == "Trainers" else member(group)
    html = entered(user).get(reverse("lecture_chooser:choose")).json()["html"]
    assert sum(title in html for title in ("Subcontracting", "Sampling", "Uncertainty", "Old")) == count


def test_a_chosen_lecture_of_another_cannot_be_put_in_by_its_number(owner: Any, entered: Enter) -> None:
    other = LectureFactory(published=True, title="Another's")
    response = entered(owner).get(reverse("lecture_chooser:chosen", args=[other.pk]))
    assert response.status_code == 404
    assert b"Another" not in response.content
    several = entered(owner).get(reverse("lecture_chooser:chosen_multiple"), {"id": [other.pk]})
    assert b"Another" not in several.content


def test_a_former_encode_of_another_is_not_previewed(owner: Any, member: Make, entered: Enter) -> None:
    encode: Encode = EncodeFactory(lecture__owner=owner, state="transcoding", playable_at=timezone.now())
    assert entered(member("Trainers")).get(f"{LECTURES}{encode.lecture_id}/").status_code == 404
    assert "data-manifest" in entered(owner).get(f"{LECTURES}{encode.lecture_id}/").content.decode()

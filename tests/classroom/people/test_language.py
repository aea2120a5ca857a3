"""The language switch at the foot of every page: it is the reader's choice, for pages and for mails."""

import pytest
from django.conf import settings
from django.test import Client

from classroom.people.models import User


def stored(person: User) -> str:
    return User.objects.get(pk=person.pk).language


def test_who_is_signed_in_gets_mails_in_the_language_chosen_at_the_foot(client: Client, person: User) -> None:
    client.force_login(person)
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/help/"})
    assert (answer.status_code, answer["Location"]) == (302, "/help/")
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert stored(person) == "en"
    client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/"})
    assert stored(person) == "zh-hans"


def test_it_is_the_profile_that_says_so_afterwards(client: Client, person: User) -> None:
    client.force_login(person)
    client.post("/i18n/setlang/", {"language": "en"})
    page = client.get("/me/")
    assert page.context["profile_form"]["language"].value() == "en"
    assert '<html lang="en"' in page.content.decode()


# Django has words in German and would keep them in the cookie; the site has none.
@pytest.mark.parametrize("language", ["de", "zh-hant", "EN", "", "x" * 500])
def test_a_language_that_the_site_does_not_speak_changes_no_profile(
    client: Client, person: User, language: str
) -> None:
    client.force_login(person)
    assert client.post("/i18n/setlang/", {"language": language, "next": "/"}).status_code == 302
    assert stored(person) == "zh-hans"


def test_looking_at_the_address_or_having_no_token_changes_nothing(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.get("/i18n/setlang/", {"language": "en"}).status_code == 302
    assert client.post("/i18n/setlang/", {"language": "en"}).status_code == 403
    assert stored(person) == "zh-hans"


def test_a_stranger_changes_only_the_own_pages(client: Client, person: User) -> None:
    client.post("/i18n/setlang/", {"language": "en", "next": "//evil.example/"})
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert stored(person) == "zh-hans"


def test_only_the_language_is_written(client: Client, person: User) -> None:
    client.force_login(person)
    before = User.objects.filter(pk=person.pk).values().get()
    client.post("/i18n/setlang/", {"language": "en"})
    assert User.objects.filter(pk=person.pk).values().get() == before | {"language": "en"}

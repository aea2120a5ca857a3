"""The API against its own schema, and pages in both languages: what is said, and in which words."""

import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from django.test import Client

from classroom.institutions.models import SupervisingAuthority
from classroom.people.models import AuditEntry
from classroom.reports.figures import COUNT_FIELDS
from classroom.reports.models import Rollup
from tests.classroom.reports.worlds import World
from tests.factories.catalogue import EditionFactory
from tests.factories.certificates import CertificateFactory
from tests.factories.enrolment import EnrolmentFactory
from tests.factories.institutions import PostFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    """The published schema, its components under `$defs` as validators read them."""
    content = client.get("/api/schema/?format=json").content.decode()
    found: dict[str, Any] = json.loads(content.replace("#/components/schemas/", "#/$defs/"))
    return found


def _nullable(part: Any) -> Any:
    """Turn OpenAPI's `nullable` into a type that JSON Schema knows."""
    if isinstance(part, list):
        return [_nullable(item) for item in part]
    if not isinstance(part, dict):
        return part
    part = {key: _nullable(value) for key, value in part.items()}
    if part.pop("nullable", False):
        return {"anyOf": [part, {"type": "null"}]}
    return part


def conforms(schema: dict[str, Any], path: str, method: str, status: str, data: Any) -> None:
    answer = schema["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    whole = _nullable({**answer, "$defs": schema["components"]["schemas"]})
    # OpenAPI 3.0 writes bounds as draft 4 does.
    jsonschema.Draft4Validator(whole).validate(data)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/api/reports/overview/", "/api/reports/overview/"),
        ("/api/reports/overview/", "/api/reports/overview/?course=NONE"),
        ("/api/reports/institutions/", "/api/reports/institutions/?page_size=1"),
        ("/api/reports/institutions/{institution_id}/people/", "/api/reports/institutions/{east}/people/"),
        ("/api/reports/runs/", "/api/reports/runs/"),
    ],
)
def test_every_answer_is_as_the_schema_says(
    client: Client, city: World, schema: dict[str, Any], path: str, address: str
) -> None:
    CertificateFactory(completion=city.enrolments["done"].completion)
    client.force_login(city.city)
    body = {"kind": "districts", "format": "csv"}
    made = client.post("/api/reports/runs/", body, content_type="application/json")
    conforms(schema, "/api/reports/runs/", "post", "201", made.json())
    response = client.get(address.format(east=city.east.pk))
    assert response.status_code == 200
    conforms(schema, path, "get", "200", response.json())


def test_the_schema_tells_of_every_filter(schema: dict[str, Any]) -> None:
    for path in ("/api/reports/overview/", "/api/reports/institutions/"):
        names = {parameter["name"] for parameter in schema["paths"][path]["get"]["parameters"]}
        assert {"authority", "course", "year", "post"} <= names
    asked = schema["components"]["schemas"]["RunRequestRequest"]["properties"]
    assert {"kind", "format", "year", "post", "show", "search", "institution", "state", "name"} <= set(asked)


def test_the_overview_before_any_count_has_no_moment(
    client: Client, city: World, schema: dict[str, Any]
) -> None:
    Rollup.objects.unscoped("nothing is counted").delete()
    client.force_login(city.city)
    data = client.get("/api/reports/overview/").json()
    assert data["as_of"] is None
    conforms(schema, "/api/reports/overview/", "get", "200", data)


def test_people_stand_in_the_api_as_on_the_page(client: Client, city: World) -> None:
    PostFactory(membership=city.manager.memberships.get(), kind="quality_manager")
    client.force_login(city.manager)
    page = client.get("/institution/people/").context["page"]
    data = client.get(f"/api/reports/institutions/{city.east.pk}/people/").json()["results"]
    assert [row["id"] for row in data] == [person.user_id for person in page]
    assert [row["posts"] for row in data] == [person.posts for person in page]
    assert [[course["state"] for course in row["courses"]] for row in data] == [
        [cell.state for cell in person.cells.values()] for person in page
    ]


def test_the_counts_of_the_api_are_those_of_the_rollup(client: Client, city: World) -> None:
    client.force_login(city.district)
    (row,) = [
        row for row in client.get("/api/reports/institutions/").json()["results"] if row["id"] == city.east.pk
    ]
    stored = Rollup.objects.unscoped("compared").get(institution=city.east)
    for name in COUNT_FIELDS:
        assert float(row["counts"][name]) == float(getattr(stored, name)), name


def test_a_refusal_says_what_it_is_and_names_the_request(client: Client, city: World) -> None:
    client.force_login(UserFactory())
    response = client.get("/api/reports/overview/")
    problem = response.json()
    assert (problem["status"], problem["type"]) == (403, "urn:cloud-classroom:problem:permission_denied")
    assert problem["instance"]
    client.force_login(city.district)
    wrong = client.post("/api/reports/runs/", {"kind": "x"}, content_type="application/json").json()
    assert set(wrong["errors"]) == {"kind", "format"}


PAGES = [
    ("city", "/overview/", "Overview", "总览"),
    ("district", "/overview/SH-310115/", "Institutions", "机构"),
    ("district", "/overview/institution/{east}/", "People on supervised courses", "人员"),
    ("district", "/overview/person/{late}/", "What was taught, and which seconds", "秒"),
    ("manager", "/institution/people/", "Our people", "人员"),
    ("manager", "/exports/", "No exports yet", "导出"),
]


@pytest.mark.parametrize(("who", "path", "english", "chinese"), PAGES)
def test_a_page_is_in_one_language_at_a_time(
    client: Client, city: World, who: str, path: str, english: str, chinese: str
) -> None:
    address = path.format(east=city.east.pk, late=city.enrolments["late"].pk)
    person = getattr(city, who)
    texts = {}
    for language in ("zh-hans", "en"):
        person.language = language
        person.save()
        client.force_login(person)
        client.cookies["django_language"] = language
        content = client.get(address, headers={"accept-language": language}).content.decode()
        main = content[content.index("<main") : content.index("</main>")]
        texts[language] = re.sub(r"<script.*?</script>|<svg.*?</svg>", "", main, flags=re.S)
    assert english in texts["en"]
    assert english not in texts["zh-hans"]
    assert chinese in texts["zh-hans"]
    heads = re.findall(r"<t?h[12][^>]*>([^<]*)</t?h[12]>|<th scope=\"col\"[^>]*>([^<]+)</th>", texts["en"])
    said = [head or cell for head, cell in heads]
    assert said
    data = ("全市", "东岸检测", "空闲检测", "西岸金丝雀", "员工late", "上海", "浦东", "报告合规")
    assert [word for word in said if CHINESE.search(word) and not any(name in word for name in data)] == []


@pytest.mark.parametrize(
    ("who", "path"),
    [(who, path) for who, path, _, _ in PAGES],
)
def test_a_page_has_one_heading_and_every_field_a_label(
    client: Client, city: World, who: str, path: str
) -> None:
    client.force_login(getattr(city, who))
    text = client.get(path.format(east=city.east.pk, late=city.enrolments["late"].pk)).content.decode()
    assert len(re.findall(r"<h1[\s>]", text)) == 1
    main = text[text.index("<main") : text.index("</main>")]
    for name in re.findall(r"<(?:select|input(?! type=\"(?:hidden|checkbox)\"))[^>]* id=\"([^\"]+)\"", main):
        assert f'for="{name}"' in main, name
    keys = re.findall(r" id=\"([^\"]+)\"", text)
    assert len(keys) == len(set(keys))
    assert " style=" not in main
    assert " onclick=" not in main


@pytest.mark.parametrize(("who", "path"), [(who, path) for who, path, _, _ in PAGES])
def test_pages_with_people_are_never_kept_by_a_cache(
    client: Client, city: World, who: str, path: str
) -> None:
    client.force_login(getattr(city, who))
    response = client.get(path.format(east=city.east.pk, late=city.enrolments["late"].pk))
    assert "no-store" in response.headers["Cache-Control"]
    assert "private" in response.headers["Cache-Control"]


def test_ones_own_data_holds_nobody_elses(client: Client, city: World) -> None:
    row = city.enrolments["done"]
    client.force_login(row.user)
    response = client.get("/me/data.json")
    text = response.content.decode()
    for key in ("late", "failed", "canary"):
        other = city.enrolments[key].user
        assert other.name not in text
        assert str(other.mobile) not in text
    assert "no-store" in response.headers["Cache-Control"]
    assert row.user.password not in text
    assert client.post("/me/data.json").status_code == 405
    assert AuditEntry.objects.filter(action="people.export_own", actor=row.user).count() == 1


def test_ones_own_data_asks_as_many_queries_for_more(
    client: Client, city: World, queries_of: Callable[[str], int]
) -> None:
    user = city.enrolments["done"].user
    client.force_login(user)
    before = queries_of("/me/data.json")
    for _ in range(2):
        EnrolmentFactory(user=user, institution=city.east, edition=EditionFactory())
    assert queries_of("/me/data.json") == before


def test_ones_own_data_is_for_who_is_signed_in(client: Client) -> None:
    assert client.get("/me/data.json").status_code == 302


def test_authorities_have_english_names_on_english_pages(client: Client, city: World) -> None:
    shown = {}
    for language in ("zh-hans", "en"):
        client.force_login(city.city)
        client.cookies["django_language"] = language
        shown[language] = client.get("/overview/").content.decode()
    for office in SupervisingAuthority.objects.exclude(short_name_en=""):
        assert f">{office.short_name_en.replace(chr(39), '&#x27;')}<" in shown["en"]
        assert f">{office.short_name}<" not in shown["en"]
        assert f">{office.short_name}<" in shown["zh-hans"]

"""A learner: finds a course, watches, cannot cheat, passes, holds a certificate that anyone can check."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from config.stack import Stack
from tests.journeys.stage import inside, sit_the_exam, to_the_lecture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

COVERED = """
from classroom.progress.models import LessonProgress
print(sum(LessonProgress.objects.filter(enrolment__user__email="{email}", enrolment__course__code="{code}")
    .values_list("covered_ms", flat=True)))
"""


def covered(stack: Stack, email: str, code: str) -> int:
    """Return the verified milliseconds of a person in a course."""
    return int(stack.shell(COVERED.format(email=email, code=code)))


def test_search_finds_by_words_and_by_two_characters(visitor: Callable[..., Any]) -> None:
    someone = visitor("search")
    for query, found in (("认证", "E1"), ("监督管理办法", "B1"), ("不确定度", "C2")):
        someone.go(f"/courses/?q={query}")
        expect(someone.page.locator("main")).to_contain_text(found)
    someone.shot("found")
    someone.go("/courses/?q=完全没有的词句")
    someone.shot("nothing")


@pytest.mark.parametrize(("width", "dark"), [(360, False), (768, True), (1440, False), (1440, True)])
def test_the_public_pages_are_faultless(visitor: Callable[..., Any], width: int, dark: bool) -> None:
    someone = visitor(f"public-{width}{'-dark' if dark else ''}", width=width, dark=dark)
    for name, path in (
        ("home", "/"), ("catalogue", "/courses/"), ("course", "/courses/b1/"), ("verify", "/verify/"), ("sign-in", "/sign-in/"),
    ):  # fmt: skip
        someone.go(path)
        someone.shot(name)
        if (name, width, dark) == ("home", 1440, False):
            someone.front_page()


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1440, False)])
def test_a_learners_pages_are_faultless(visitor: Callable[..., Any], width: int, dark: bool) -> None:
    learner = visitor(f"learner-{width}{'-dark' if dark else ''}", width=width, dark=dark)
    learner.sign_in("learner@demo.example")
    for name, path in (
        ("home", "/"), ("my-learning", "/learn/"), ("course", "/courses/b1/"), ("certificates", "/certificates/"), ("me", "/me/"),
    ):  # fmt: skip
        learner.go(path)
        learner.shot(name)


def test_only_seconds_that_were_shown_count(stack: Stack, visitor: Callable[..., Any]) -> None:
    email = "manager@demo.example"
    learner = visitor("watch")
    learner.sign_in(email)
    to_the_lecture(learner, "d1")
    video = learner.page.locator("video")
    before = covered(stack, email, "D1")

    learner.page.evaluate(
        "document.querySelector('video').currentTime = document.querySelector('video').duration - 0.5"
    )
    learner.page.wait_for_timeout(3000)
    assert covered(stack, email, "D1") - before <= 2500, "a seek to the end earned something"

    learner.page.evaluate("document.querySelector('video').currentTime = 0")
    learner.page.locator("[data-part=play]").click()
    learner.until("document.querySelector('video').currentTime > 8", 60)
    learner.shot("playing")
    learner.page.locator("[data-part=play]").click()
    for menu, value in (("rate", "0.75"), ("captions-menu", "off")):
        learner.page.locator(f"[data-part={menu}] > button").click()
        learner.page.locator(f"[data-part={menu}] [data-value='{value}']").click()
    expect(learner.page.locator("[role=status]").first).to_be_visible()
    stack.until(lambda: covered(stack, email, "D1") >= 6000, 30, "what was played is verified")
    position = float(video.evaluate("v => v.currentTime"))
    address = learner.page.url
    learner.page.wait_for_timeout(1500)

    other = visitor("second-device", width=360)
    other.sign_in(email)
    other.page.goto(address)
    other.until("document.querySelector('video').readyState >= 2")
    resumed = float(other.page.locator("video").evaluate("v => v.currentTime"))
    assert abs(resumed - position) < 1, f"resumed at {resumed}, left at {position}"
    assert other.page.locator("video").evaluate("v => v.playbackRate") == 0.75
    captions = other.page.locator("[data-part=captions-menu] [data-value='off']")
    expect(captions).to_have_attribute("aria-checked", "true")
    expect(other.page.locator("[data-part=captions]")).to_be_hidden()
    other.shot("resumed")


def test_a_forged_report_is_refused(stack: Stack, visitor: Callable[..., Any]) -> None:
    email = "learner@demo.example"
    learner = visitor("forger")
    learner.sign_in(email)
    learner.go("/learn/")
    before = covered(stack, email, "B1")
    facts = json.loads(
        stack.shell(
            "import json\n"
            "from classroom.enrolment.models import Enrolment\n"
            f"e = Enrolment.objects.unscoped('test').get(user__email='{email}', course__code='B1')\n"
            "print(json.dumps([e.pk, [str(l.key) for l in e.edition.lessons.filter(kind='video').order_by('position')]]))"
        )
    )
    answer = learner.page.evaluate(
        """async ([enrolment, lesson]) => {
            const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
            const post = (path, body) => fetch(path, {method: 'POST', body: JSON.stringify(body),
                headers: {'Content-Type': 'application/json', 'X-CSRFToken': token}}).then(r => r.json());
            const session = await post('/api/learning/sessions/', {enrolment, lesson});
            const id = session.session || session.id;
            return post(`/api/learning/sessions/${id}/heartbeat/`,
                {seq: 0, spans: [{s: 0, e: 40000, t0: 0, t1: 40000, rate: 1}]});
        }""",
        [facts[0], facts[1][-1]],
    )
    assert answer.get("refused"), answer
    assert answer["refused"][0]["reason"], "the refusal says why"
    assert covered(stack, email, "B1") - before <= 2500


def test_the_exam_is_passed_and_the_certificate_is_there(stack: Stack, visitor: Callable[..., Any]) -> None:
    email = "learner@demo.example"
    learner = visitor("exam")
    learner.sign_in(email)
    sit_the_exam(stack, learner, email)

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        learner.go("/certificates/")
        if learner.page.locator("a[href*='.pdf']").count() >= 2:
            break
        learner.page.wait_for_timeout(1000)
    learner.shot("certificates")
    link = learner.page.locator("a[href*='.pdf']").first.get_attribute("href")
    pdf = learner.context.request.get(stack.address + link)
    assert pdf.status == 200
    assert pdf.body().startswith(b"%PDF-")
    assert b"/ByteRange" in pdf.body(), "the file is signed"


# What the public page says of each state: the word, what it means, and of the PDF's signature.
SAID = {
    "issued": ("有效", "证书真实，内容与签发时一致，尚在有效期内。", "有效，签名后未改动"),
    "expired": ("已过期", "证书真实，有效期已于", ""),
    "revoked": ("已撤销", "起不再有效", ""),
    "replaced": ("已换发", "更正后的证书", ""),
}


def test_anyone_can_verify_a_certificate(stack: Stack, visitor: Callable[..., Any], ten_seconds: int) -> None:
    someone = visitor("verify", width=360)
    for state, (token, name) in inside(stack, "verifiable", ten_seconds).items():
        word, meaning, signature = SAID[state]
        someone.go(f"/v/{token}/")
        main = someone.page.locator("main")
        expect(someone.page.locator("#state")).to_have_text(word)
        expect(main).to_contain_text(meaning)
        expect(main).to_contain_text(signature)
        text = main.inner_text()
        assert name not in text, "the holder's name is masked"
        assert name[0] in text
        someone.shot(state)
    answer = someone.page.goto(f"{stack.address}/v/{'x' * 22}/")
    assert answer is not None
    assert answer.status == 404

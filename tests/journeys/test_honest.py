"""What an honest person's browser goes through: gaps, a reload, a tunnel, a keyboard and no mouse."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from config.stack import Stack
from tests.journeys.conftest import Visitor
from tests.journeys.stage import AT, READY, inside, to_the_lecture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

LINES = """
import json
from classroom.progress.models import LessonProgress
rows = LessonProgress.objects.filter(enrolment__user__email="{email}", enrolment__course__code="{code}")
print(json.dumps([[row.enrolment_id, str(row.lesson.key), row.covered_ms, row.lesson.duration_ms]
    for row in rows.order_by("lesson__position")]))
"""
COMPLETED = """
from classroom.completion.models import Completion
print(Completion.objects.unscoped("test").filter(enrolment__user__email="{email}", enrolment__course__code="{code}").count())
"""
# Makes each kept report claim all of the lecture in no time, and adds some that claim it for the same two seconds.
EDIT = """
async () => {
  const asked = indexedDB.open('classroom-learning', 1);
  const database = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const table = database.transaction('reports', 'readwrite').objectStore('reports');
  const all = table.getAll();
  const rows = await new Promise((done) => { all.onsuccess = () => done(all.result); });
  const last = rows.at(-1);
  const spans = (count, make) => Array.from({ length: count }, (_, n) => ({ rate: 1, ...make(n) }));
  const fast = spans(100, (n) => ({ s: n * 1500, e: n * 1500 + 1500, t0: n * 15, t1: n * 15 + 15 }));
  for (const row of rows) table.put({ ...row, spans: fast });
  for (let n = 0; n < 9; n += 1) {
    const same = spans(60, (m) => ({ s: (n * 60 + m) * 2000, e: (n * 60 + m + 1) * 2000, t0: 0, t1: 2000 }));
    const later = spans(1, () => ({ s: n * 60000, e: (n + 1) * 60000, t0: n * 60000, t1: (n + 1) * 60000 }));
    table.put({ ...last, seq: last.seq + 1 + n, spans: [...same, ...later] });
  }
  const written = table.transaction;
  await new Promise((done) => { written.oncomplete = done; });
  database.close();
  return [last.session, last.seq + 9];
}
"""
HANDED_IN = """
from classroom.progress.models import Evidence
print(Evidence.objects.unscoped("test").filter(session_id="{session}", seq={seq}).exclude(refused=[]).count())
"""
PAUSED = "document.querySelector('video').paused"
RATE = "document.querySelector('video').playbackRate"
BUFFERED = "((all) => all.length && all.end(all.length - 1))(document.querySelector('video').buffered)"
# A phone that changes from one network to the next says so; the page then reports at once.
NETWORK_IS_BACK = "dispatchEvent(new Event('online')) && 0"
MISSED = "时间已过。点一下继续，提问之后的部分需要重看。"


def lines(stack: Stack, email: str, code: str) -> list[list[Any]]:
    """Return enrolment, lesson, verified and whole milliseconds of each lesson that was begun."""
    return list(json.loads(stack.shell(LINES.format(email=email, code=code))))


def verified(stack: Stack, email: str, lesson: str) -> int:
    """Return the verified milliseconds of the lesson of C1 or D1 that has this key."""
    return next((row[2] for code in ("C1", "D1") for row in lines(stack, email, code) if row[1] == lesson), 0)


def coverage(stack: Stack, email: str) -> list[list[int]]:
    """Return what is verified of the only lesson that a person began."""
    ((spans, _, _),) = inside(stack, "spans", email)
    return list(spans)


def lacking(stack: Stack, email: str) -> int:
    """Return how much is not verified before the furthest verified moment, in ms."""
    spans = coverage(stack, email)
    return spans[-1][1] - sum(end - start for start, end in spans)


def tab_to(visitor: Visitor, selector: str) -> None:
    """Press Tab until the focus is on what `selector` names, as somebody without a mouse does."""
    for _ in range(80):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
            return
    raise AssertionError(f"80 tabs did not reach {selector}")


def answer_by_keyboard(visitor: Visitor, right: str) -> None:
    """Answer the question that the lecture asks: first wrongly, then rightly."""
    dialog = visitor.page.locator("dialog[data-part=question]")
    expect(dialog).to_be_visible(timeout=30_000)
    assert visitor.page.evaluate(PAUSED)
    visitor.shot("question")
    tab_to(visitor, "input[name=question-choice]")
    result, tries = dialog.locator("[data-part=question-result]"), 0
    while result.get_attribute("data-state") != "right":
        assert tries < 4, "there are four options"
        visitor.page.keyboard.press("ArrowDown")
        chosen = dialog.locator("input:checked").get_attribute("value")
        visitor.page.keyboard.press("Enter")
        expect(result).to_have_attribute("data-state", "right" if chosen == right else "wrong")
        tries += 1
    assert tries > 1, "a wrong answer was tried as well"
    visitor.shot("answered")
    visitor.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()


def test_playing_only_the_gaps_completes_the_lesson(stack: Stack, visitor: Callable[..., Any]) -> None:
    email = "learner@demo.example"
    enrolment, lesson, before, whole = next(
        row for row in lines(stack, email, "C1") if 1_500 < row[3] - row[2] < 15_000
    )
    learner = visitor("gaps")
    learner.sign_in(email)
    learner.go(f"/learn/{enrolment}/{lesson}/")
    learner.until(READY)
    gaps = learner.page.locator("[data-part=gaps] button")
    expect(gaps.first).to_be_visible()
    learner.shot("shown")
    learner.page.keyboard.press("?")
    expect(learner.page.locator("dialog[data-part=help]")).to_be_visible()
    learner.shot("help")
    learner.page.keyboard.press("Escape")
    learner.page.locator("[data-part=rate-button]").click()
    expect(learner.page.locator("[data-part=rate] [role=menu]")).to_be_visible()
    learner.shot("menu")
    learner.page.keyboard.press("Escape")
    for left in range(gaps.count() - 1, -1, -1):
        learner.page.keyboard.press("n")
        learner.until(f"!{PAUSED}")
        learner.until(PAUSED, 40)
        expect(gaps).to_have_count(left, timeout=30_000)
    expect(learner.page.locator("[data-part=completed]")).to_be_visible(timeout=30_000)
    assert verified(stack, email, lesson) > max(before, whole - 1_500), (
        "no more than the tolerance is missing"
    )
    learner.shot("made-up")


def test_a_reload_in_the_middle_loses_nothing(stack: Stack, visitor: Callable[..., Any]) -> None:
    email = "district@demo.example"
    learner = visitor("reload")
    learner.sign_in(email)
    to_the_lecture(learner, "d1")
    lesson = learner.page.url.rstrip("/").rpartition("/")[2]
    shown = 0.0
    for _ in range(3):
        learner.until(READY)
        start = float(learner.page.evaluate(AT))
        learner.page.keyboard.press("k")
        learner.until(f"{AT} > {start + 3}", 30)
        shown = float(learner.page.evaluate(AT))
        learner.page.reload()
    learner.until(READY)
    assert float(learner.page.evaluate(AT)) >= shown - 1, "it goes on where it was left"
    stack.until(
        lambda: verified(stack, email, lesson) >= (shown - 1) * 1000, 40, f"{shown:.1f} s are verified"
    )


def test_a_missed_check_withholds_its_own_span_and_n_makes_it_up(
    stack: Stack, visitor: Callable[..., Any]
) -> None:
    rules = {"presence_minutes": 1, "free_seek": True}
    code = inside(stack, "publish", inside(stack, "lecture_of", "D1"), "问一声在不在", **rules)
    email = inside(stack, "newcomer", "宋走神")
    learner = visitor("missed")
    learner.sign_in(email)
    to_the_lecture(learner, code.lower())
    page, dialog = learner.page, learner.page.locator("dialog[data-part=presence]")
    assert inside(stack, "ask_after", email, 3_000) == 1
    page.keyboard.press("k")
    learner.until(f"{AT} > 5.5")
    page.evaluate(NETWORK_IS_BACK)
    expect(dialog).to_be_visible()
    asked = float(page.evaluate(AT)) * 1000
    learner.until(f"{AT} > 10.5")
    assert not page.evaluate(PAUSED), "nobody is interrupted before the minute is over"
    stack.until(lambda: inside(stack, "let_the_minute_pass", email, 2) == 1, 20, "the question was delivered")
    page.evaluate(NETWORK_IS_BACK)
    learner.until(PAUSED)
    expect(dialog.locator("[data-part=presence-said]")).to_have_text(MISSED)
    missed = float(page.evaluate(AT)) * 1000
    learner.shot("dialog")

    assert page.evaluate("document.activeElement.matches('[data-part=presence-answer]')")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    learner.until(f"!{PAUSED} && {AT} * 1000 > {missed + 2_500}")
    page.keyboard.press("k")
    learner.until(PAUSED)
    shown = float(page.evaluate(AT)) * 1000
    stack.until(
        lambda: len(spans := coverage(stack, email)) == 2 and abs(spans[1][1] - shown) <= 200,
        30,
        f"what came after the answer counts, up to {shown} ms",
    )
    (first, end), (after, last) = coverage(stack, email)
    assert first <= 200
    assert abs(end - asked) <= 1_000, "all that was played before the question"
    # The page looks at its clock once a second; what it shows until then waits for the answer and counts by it.
    assert missed - 1_500 <= after <= missed + 500, "all that was played after the minute was over"
    gaps = page.locator("[data-part=gaps] button")
    expect(gaps).to_have_count(1)

    page.keyboard.press("n")
    learner.until(f"!{PAUSED}")
    learner.until(PAUSED, 40)
    assert abs(float(page.evaluate(AT)) * 1000 - after) < 500, "it stops where the gap ends"
    expect(gaps).to_have_count(0)
    # A player stops to the frame, not to the millisecond.
    stack.until(lambda: lacking(stack, email) <= 500, 30, "the gap is made up")
    assert coverage(stack, email)[-1][1] <= last + 500, "and nothing besides"


def test_a_minute_without_a_network_is_kept_and_told(stack: Stack, visitor: Callable[..., Any]) -> None:
    email = inside(stack, "newcomer", "隧道行")
    learner = visitor("tunnel")
    learner.sign_in(email)
    to_the_lecture(learner, "d1")
    page, said = learner.page, learner.page.locator("[data-part=save-text]")
    # So that the lecture lasts longer than the minute.
    page.keyboard.press("<")
    learner.until(f"{RATE} === 0.75")
    page.keyboard.press("k")
    learner.until(f"{AT} > 2 && {BUFFERED} > 50", 60)
    learner.context.set_offline(True)
    begin = time.monotonic()
    expect(said).to_have_text("离线，已存于本机", timeout=30_000)
    page.wait_for_timeout(60_000 - (time.monotonic() - begin) * 1000)
    ((_, before, _),) = inside(stack, "spans", email)
    expect(said).to_have_text("离线，已存于本机")
    page.keyboard.press("k")
    learner.until(PAUSED)
    shown = float(page.evaluate(AT)) * 1000
    assert before < 5_000 < 40_000 < shown, "it played on, and the server knows nothing of it"
    learner.context.set_offline(False)
    expect(said).to_have_text(re.compile(r"^已保存 \d\d:\d\d"), timeout=60_000)
    ((start, end),) = coverage(stack, email)
    assert start <= 200
    assert abs(end - shown) <= 200, "every second that was played is verified, and none besides"


def test_reports_that_are_edited_on_the_device_earn_no_more_than_the_time(
    stack: Stack, visitor: Callable[..., Any]
) -> None:
    email = "reviewer@demo.example"
    cheat = visitor("edited")
    cheat.sign_in(email)
    before, begin = sum(row[2] for row in lines(stack, email, "D1")), time.monotonic()
    to_the_lecture(cheat, "d1")
    address = cheat.page.url
    cheat.context.route("**/heartbeat/", lambda route: route.abort())
    cheat.page.keyboard.press("k")
    cheat.until(f"{AT} > 2", 20)
    cheat.page.keyboard.press("k")
    expect(cheat.page.locator("[data-part=save]")).to_have_attribute("data-state", "offline", timeout=15_000)
    session, seq = cheat.page.evaluate(EDIT)
    cheat.page.close()
    cheat.context.unroute("**/heartbeat/")
    cheat.page = cheat.context.new_page()
    cheat.page.goto(address)
    stack.until(
        lambda: stack.shell(HANDED_IN.format(session=session, seq=seq)) == "1", 40, "the last is handed in"
    )
    gained = sum(row[2] for row in lines(stack, email, "D1")) - before
    passed = (time.monotonic() - begin) * 1000
    assert gained <= passed + 2_000, "elapsed time at the rate cap of 1.0, and the slack"
    expect(cheat.page.locator("[data-part=completed]")).to_be_hidden()


def test_a_course_is_completed_by_keyboard_alone(
    stack: Stack, visitor: Callable[..., Any], ten_seconds: int
) -> None:
    email = "manager@demo.example"
    code = inside(stack, "publish", ten_seconds, "键盘走完", asks=True)

    learner = visitor("keyboard")
    learner.sign_in(email)
    page = learner.go(f"/courses/{code.lower()}/")
    tab_to(learner, "form[action*='/enrol/'] button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    if "/learn/" not in page.url:
        tab_to(learner, "main a.btn--main")
        page.keyboard.press("Enter")
        page.wait_for_url("**/learn/**")
    learner.until(READY)
    tab_to(learner, "[data-part=play]")
    learner.shot("focus")
    page.keyboard.press("Space")
    answer_by_keyboard(learner, "D")
    learner.until(f"{PAUSED} && {AT} > 9", 60)
    expect(page.locator("[data-part=completed]")).to_be_visible(timeout=30_000)
    stack.until(
        lambda: stack.shell(COMPLETED.format(email=email, code=code)) == "1",
        60,
        "the course is complete",
    )
    learner.shot("completed")

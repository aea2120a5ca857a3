"""Which milliseconds of a report count, and why the others do not. Pure: it reads no clock and no row.

Media time, session time and wall time are whole milliseconds. A span says that the media interval
`[s, e)` was shown during the session time `[t0, t1)`. The rules are tried in the order below; where
one keeps a part of the wall interval, it keeps the matching part of the media, linear in between.

What holds whatever is sent, because every kept piece is accounted for in `_account`: the credited
wall intervals of a person are disjoint, lie between an opening and the server's now, and the media
credited to a lesson is at most `cap` times their length plus `SLACK_MS`, once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from classroom.progress.intervals import Intervals, both, holes, insert, minus, size, union

# Media and wall clocks differ a little: what may run ahead, once a person and lesson.
SLACK_MS = 2000
# Holes as small as the tolerance are forgiven up to this much a lesson when it is asked whether the
# lesson was seen: a frame at a cut, the last frame of a file. They are never credited.
FORGIVEN_MS = 2000
# How many separate pieces may wait ahead of the furthest point: all of an offline allowance in spans of
# five seconds, delivered in the worst order.
WAITING_AT_MOST = 200

# A piece [s, e) of media shown during the wall interval [a, b).
Piece = tuple[int, int, int, int]
# One that waits, with the session that showed it: another one may bring what it waits for.
Waiting = tuple[int, int, int, int, str]


class Rule:
    """Why a part was not credited."""

    POSSIBLE = "possible"
    ENCODE = "encode"
    PAST = "past"
    GRANT = "grant"
    HEARD = "heard"
    PRESENT = "present"
    FIRST_VIEW = "first_view"
    CROWDED = "crowded"
    LIFE = "life"


@dataclass(frozen=True, slots=True)
class Span:
    """What the player says it showed. `rate` is in thousandths and only kept as a fact."""

    s: int
    e: int
    t0: int
    t1: int
    rate: int = 1000


@dataclass(frozen=True, slots=True)
class Refused:
    """A part of a span that earned nothing (now), in media time."""

    rule: str
    s: int
    e: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a session was granted. `cap` is the fastest rate that counts, in thousandths."""

    duration: int
    opened: int
    until: int
    cap: int = 1000
    tolerance: int = 1500
    allowance: int = 900_000
    free_seek: bool = False
    session: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stood before a report, and what stands after it.

    Of the lesson: `coverage`, `slack`, `waiting`, and `held` (media credited provisionally). Of the
    person: `life`, `folded_until`, `absences`. Of the session: `heard`.
    """

    coverage: Intervals = field(default_factory=list)
    slack: int = SLACK_MS
    waiting: tuple[Waiting, ...] = ()
    held: Intervals = field(default_factory=list)
    life: Intervals = field(default_factory=list)
    folded_until: int = 0
    absences: Intervals = field(default_factory=list)
    heard: Intervals = field(default_factory=list)

    @property
    def furthest(self) -> int:
        """The end of what was credited, provisionally or for good."""
        return max(self.coverage[-1][1] if self.coverage else 0, self.held[-1][1] if self.held else 0)


@dataclass(frozen=True, slots=True)
class Question:
    """A presence check that waits: what is shown since `asked` is held, to count with the answer."""

    asked: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report earned: `kept` for good, `held` until a presence check is answered.

    `waited`: what of it other sessions had shown before.
    """

    standing: Standing
    kept: tuple[Piece, ...]
    held: tuple[Piece, ...]
    refused: tuple[Refused, ...]
    waited: tuple[Waiting, ...] = ()

    def session_of(self, piece: Piece) -> str | None:
        """Return the other session that showed a piece of this verdict; None for the reporting one."""
        return next((one[4] for one in self.waited if one[2] <= piece[2] and piece[3] <= one[3]), None)


class _Judge:
    """Goes through the spans of one report; mutable inside, thrown away afterwards."""

    def __init__(self, terms: Terms, standing: Standing, now: int, question: Question | None) -> None:
        self.terms, self.now, self.question = terms, now, question
        self.coverage, self.held_media = standing.coverage, standing.held
        self.life, self.slack = standing.life, standing.slack
        self.before = standing
        self.waiting = list(standing.waiting)
        self.furthest = standing.furthest
        self.kept: list[Piece] = []
        self.held: list[Piece] = []
        self.refused: list[Refused] = []
        self.waited: list[Waiting] = []

    def take(self, span: Span) -> None:
        """Try one span: what depends on the session alone, then what depends on the person."""
        piece = self._granted(span)
        if piece is None:
            return
        for part in self._split(piece, both(piece[2:], self.before.heard), Rule.HEARD):
            for present in self._split(part, minus(part[2:], self.before.absences), Rule.PRESENT):
                self._admit(present)

    def _granted(self, span: Span) -> Piece | None:
        """Apply possible, inside the encode, past, inside the grant; None where nothing is left."""
        terms = self.terms
        ahead = (span.e - span.s) - (span.t1 - span.t0) * terms.cap // 1000
        if ahead > SLACK_MS:
            self._refuse(Rule.POSSIBLE, span.s, span.e)
            return None
        if span.s >= terms.duration:
            self._refuse(Rule.ENCODE, span.s, span.e)
            return None
        piece: Piece = (span.s, span.e, terms.opened + span.t0, terms.opened + span.t1)
        if span.e > terms.duration:
            self._refuse(Rule.ENCODE, terms.duration, span.e)
            wall = piece[2] + (span.t1 - span.t0) * (terms.duration - span.s) // (span.e - span.s)
            piece = (span.s, terms.duration, piece[2], max(wall, piece[2] + 1))
        early = piece[3] - self.now
        if early > terms.tolerance:
            self._refuse(Rule.PAST, piece[0], piece[1])
            return None
        if early > 0:
            # A device's clock that runs a little fast: the same time, told when it was.
            piece = (piece[0], piece[1], max(terms.opened, piece[2] - early), self.now)
        for limit, rule in ((self.now, Rule.PAST), (terms.until, Rule.GRANT)):
            parts = self._split(piece, both(piece[2:], [(0, limit)]), rule)
            if not parts:
                return None
            piece = parts[0]
        return piece

    def _refuse(self, rule: str, s: int, e: int) -> None:
        if s < e:
            self.refused.append(Refused(rule, s, e))

    def _split(self, piece: Piece, walls: Intervals, rule: str) -> list[Piece]:
        """Return the parts of `piece` in `walls`; what lies outside is refused by `rule`."""
        s, e, a, b = piece
        if len(walls) == 1 and walls[0] == (a, b):
            return [piece]
        parts, at = [], s
        for c, d in walls:
            m0, m1 = s + (c - a) * (e - s) // (b - a), s + (d - a) * (e - s) // (b - a)
            self._refuse(rule, at, m0)
            parts.append((m0, m1, c, d))
            at = m1
        self._refuse(rule, at, e)
        return parts

    def _admit(self, piece: Piece) -> None:
        """Credit a piece unless it is ahead on first view; then what waited may follow it."""
        if self._is_ahead(piece):
            self._wait(piece)
            return
        self._credit(piece)
        self.follow()

    def follow(self) -> None:
        """Credit what waits and is reached by now."""
        while ready := next((one for one in self.waiting if not self._is_ahead(one)), None):
            self.waiting.remove(ready)
            if ready[4] != self.terms.session:
                self.waited.append(ready)
            self._credit(ready[:4])

    def _is_ahead(self, piece: Piece | Waiting) -> bool:
        return not self.terms.free_seek and piece[0] > self.furthest + self.terms.tolerance

    def _wait(self, piece: Piece) -> None:
        """Keep a piece for later, joined to its neighbours of this session."""
        if any(
            s <= piece[0] and piece[1] <= e and a <= piece[2] and piece[3] <= b
            for s, e, a, b, _ in self.waiting
        ):
            self._refuse(Rule.FIRST_VIEW, piece[0], piece[1])
            return
        joined: list[Waiting] = []
        for one in sorted([*self.waiting, (*piece, self.terms.session)]):
            if joined and (joined[-1][1], joined[-1][3], joined[-1][4]) == (one[0], one[2], one[4]):
                joined[-1] = (joined[-1][0], one[1], joined[-1][2], one[3], one[4])
            else:
                joined.append(one)
        has_room = len(joined) <= WAITING_AT_MOST
        self._refuse(Rule.FIRST_VIEW if has_room else Rule.CROWDED, piece[0], piece[1])
        if has_room:
            self.waiting = joined

    def _credit(self, piece: Piece) -> None:
        lived = [(0, self.before.folded_until), *self.life] if self.before.folded_until else self.life
        for part in self._split(piece, minus(piece[2:], lived), Rule.LIFE):
            self._account(part)

    def _account(self, part: Piece) -> None:
        """Spend the wall time, and the slack where the media runs ahead; the promise is held here."""
        s, e, a, b = part
        earned = (b - a) * self.terms.cap // 1000
        allowed = earned + self.slack
        if e - s > allowed:
            self._refuse(Rule.POSSIBLE, s + allowed, e)
            e = s + allowed
        left = min(SLACK_MS, allowed - (e - s))
        self.life = insert(self.life, a, b)
        is_certain = self.question is None or b <= self.question.asked
        # What may still be withheld spends slack, but never refills it.
        self.slack = left if is_certain else min(left, self.slack)
        if self.question is None or is_certain:
            self._keep((s, e, a, b))
            return
        asked = max(a, self.question.asked)
        middle = s + (asked - a) * (e - s) // (b - a)
        self._keep((s, middle, a, asked))
        if middle < e:
            self.held.append((middle, e, asked, b))
            self.held_media = insert(self.held_media, middle, e)
            self.furthest = max(self.furthest, e)

    def _keep(self, piece: Piece) -> None:
        if piece[0] < piece[1]:
            self.kept.append(piece)
            self.coverage = insert(self.coverage, piece[0], piece[1])
            self.furthest = max(self.furthest, piece[1])


def judge(
    spans: Iterable[Span], *, terms: Terms, standing: Standing, now: int, question: Question | None = None
) -> Verdict:
    """Return what the spans of one report, received at `now`, earn on top of `standing`.

    `now` counts as a moment at which the session was heard from. A part ahead of the furthest point
    is told as refused by `first_view` and waits: it is credited by the report that reaches it, in
    whatever order they come.
    """
    judge_ = _Judge(terms, standing, now, question)
    for span in spans:
        judge_.take(span)
    after = replace(
        standing,
        coverage=judge_.coverage,
        slack=judge_.slack,
        waiting=tuple(judge_.waiting),
        held=judge_.held_media,
        life=judge_.life,
        heard=heard_at(standing.heard, now, terms.allowance),
    )
    return Verdict(after, tuple(judge_.kept), tuple(judge_.held), tuple(judge_.refused), tuple(judge_.waited))


def release(pieces: Iterable[Piece], *, terms: Terms, standing: Standing, now: int) -> Verdict:
    """Credit pieces that were held, whose wall time is spent already; then what waited behind them."""
    judge_ = _Judge(terms, replace(standing, held=[]), now, None)
    for piece in pieces:
        judge_._keep(piece)
    judge_.follow()
    after = replace(
        standing,
        coverage=judge_.coverage,
        slack=judge_.slack,
        waiting=tuple(judge_.waiting),
        held=[],
        life=judge_.life,
    )
    return Verdict(after, tuple(judge_.kept), (), tuple(judge_.refused), tuple(judge_.waited))


def heard_at(heard: Intervals, now: int, allowance: int) -> Intervals:
    """Return the wall intervals within the allowance after a contact, with the contact `now` added."""
    return insert(heard, now, now + allowance)[-64:]


def fold_life(
    life: Intervals, folded_until: int, now: int, horizon: int, at_most: int
) -> tuple[Intervals, int]:
    """Return `life` without what is older than `horizon`, in at most `at_most` parts, and the new fold.

    Nothing before the fold can earn any more, and nothing in a gap between two parts that is closed, the
    shortest first: so folding never lets a second count twice.
    """
    kept = [one for one in life if one[1] > now - horizon]
    if dropped := len(life) - len(kept):
        folded_until = max(folded_until, life[dropped - 1][1])
    gaps = sorted((two[0] - one[1], one[1], two[0]) for one, two in pairwise(kept))
    for _, start, end in gaps[: max(0, len(kept) - at_most)]:
        kept = insert(kept, start, end)
    return kept, folded_until


def missing(coverage: Intervals, duration: int, tolerance: int) -> Intervals:
    """Return what is still to be watched, as the learner is shown it.

    Holes up to `tolerance` are no gaps to anyone while they are few; more than `FORGIVEN_MS` of
    them together are all shown, since they then bar the lesson.
    """
    every = holes(coverage, duration)
    large = [one for one in every if one[1] - one[0] > tolerance]
    return large if size(every) - size(large) <= FORGIVEN_MS else every


def left_out(lacking: Intervals, waiting: Iterable[tuple[int, int]], furthest: int) -> Intervals:
    """Return of what is `lacking` the parts behind the furthest point, or behind what waits for them.

    Of what waits itself nothing is to be played again.
    """
    shown = union(waiting)
    reach = max([furthest, *(end for _, end in shown)])
    return [part for one in lacking for part in minus(one, shown) if part[1] <= reach]


def is_seen(coverage: Intervals, duration: int, tolerance: int, percent: int) -> bool:
    """Whether a lecture counts as seen: at most `100 - percent` percent of it is missing."""
    return duration > 0 and size(missing(coverage, duration, tolerance)) * 100 <= duration * (100 - percent)

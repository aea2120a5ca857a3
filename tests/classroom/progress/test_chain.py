"""The chain of an enrolment: every row over the one before, whatever was done to the store since."""

import copy
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.progress import chain, keys, services, verifier
from classroom.progress.export import export_lines
from classroom.progress.models import Chain, Checkpoint, CheckpointLeaf, Evidence, PersonClock
from classroom.progress.moments import from_ms, to_ms
from classroom.progress.services import checkpoints
from tests.classroom.progress.compacting import by_hand
from tests.factories.catalogue import EditionLessonFactory
from tests.learner import BEGIN, Learner

# Synthetic chains, as an export tells them; no database.

SESSION, LESSON = "00000000-0000-0000-0000-0000000000aa", "11111111-1111-1111-1111-111111111111"


def genesis(duration: int = 600_000) -> dict:
    return {
        "version": 1,
        "person": "p",
        "course": "B1",
        "edition": "2026.1",
        "edition_digest": "0" * 64,
        "period": "",
        "enrolled": 0,
        "policy": {"rate_cap_thousandths": 1000},
        "lessons": [
            {"key": LESSON, "kind": "video", "encode": "e", "encode_digest": "d", "duration_ms": duration}
        ],
    }


def row(index: int, kind: str, received: int, **more: object) -> dict:
    return {
        "index": index,
        "kind": kind,
        "session": SESSION,
        "seq": None,
        "received": received,
        "spans": [],
        "kept": [],
        "refused": [],
        "facts": {},
        **more,
    }


@st.composite
def exports(draw) -> list[dict]:
    """A chain of honest rows of any lengths, hashed as the platform hashes."""
    bodies = [row(0, "open", 0, facts={"lesson": LESSON})]
    media = clock = 0
    for number in range(draw(st.integers(1, 8))):
        length, pause = draw(st.integers(1, 15_000)), draw(st.integers(0, 5_000))
        kept = [[media, media + length, clock + pause, clock + pause + length]]
        media, clock = media + length, clock + pause + length
        spans = [[*kept[0], 1000]]
        bodies.append(row(number + 1, "watch", clock, seq=number, spans=spans, kept=kept))
    return chained(genesis(), bodies)


def chained(start: dict, bodies: list[dict]) -> list[dict]:
    head = verifier.hash_genesis(start)
    lines = [{"type": "genesis", "genesis": start, "hash": head}]
    kept = []
    for body in bodies:
        head = verifier.hash_row(head, body)
        lines.append({"type": "row", "body": body, "hash": head})
        kept += [tuple(piece[:2]) for piece in body["kept"]]
    return [*lines, {"type": "progress", "lessons": {LESSON: verifier.merged(kept)}}]


@settings(max_examples=60)
@given(exports())
def test_every_honest_chain_holds_after_a_journey_through_json(lines):
    report = verifier.verify(json.loads(json.dumps(lines)))
    assert report.faults == []
    assert report.rows == len(lines) - 2


@settings(max_examples=60)
@given(exports(), st.data())
def test_any_row_dropped_doubled_or_moved_is_found(lines, data):
    at = data.draw(st.integers(1, len(lines) - 2))
    dropped = lines[:at] + lines[at + 1 :]
    doubled = lines[: at + 1] + lines[at:]
    assert verifier.verify(dropped).faults
    assert verifier.verify(doubled).faults
    if at < len(lines) - 2:
        moved = [*lines]
        moved[at], moved[at + 1] = moved[at + 1], moved[at]
        assert verifier.verify(moved).faults


@settings(max_examples=120, suppress_health_check=[HealthCheck.filter_too_much])
@given(exports(), st.data())
def test_any_number_changed_anywhere_in_a_row_is_found(lines, data):
    changed = copy.deepcopy(lines)
    body = changed[data.draw(st.integers(1, len(lines) - 2))]["body"]
    name = data.draw(st.sampled_from(["index", "received", "seq", "spans", "kept"]))
    by = data.draw(st.integers(1, 1_000_000))
    if isinstance(body[name], list):
        if not body[name]:
            body[name] = [[0, by, 0, by]]
        else:
            piece = data.draw(st.integers(0, 3))
            body[name][0][piece] += by
    else:
        body[name] = (body[name] or 0) + by
    assert verifier.verify(changed).faults


@settings(max_examples=60)
@given(exports(), st.data())
def test_any_hash_changed_is_found(lines, data):
    changed = copy.deepcopy(lines)
    line = changed[data.draw(st.integers(0, len(lines) - 2))]
    at = data.draw(st.integers(0, 63))
    other = "0" if line["hash"][at] != "0" else "1"
    line["hash"] = line["hash"][:at] + other + line["hash"][at + 1 :]
    assert verifier.verify(changed).faults


@pytest.mark.parametrize("how", ["upper", "space", "short", "other"])
def test_a_hash_written_in_another_way_is_not_the_same(how):
    lines = chained(genesis(), [row(0, "open", 0, facts={"lesson": LESSON})])
    told = lines[1]["hash"]
    lines[1]["hash"] = {"upper": told.upper(), "space": f" {told}", "short": told[:-2], "other": "z" * 64}[
        how
    ]
    assert verifier.verify(lines).faults


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kept": [[0, 700_000, 0, 700_000]], "received": 800_000}, "no part of a lecture"),
        ({"kept": [[5_000, 1_000, 0, 4_000]]}, "no part of a lecture"),
        ({"kept": [[0, 1_000, 0, 99_999]]}, "after it was received"),
        ({"kept": [[0, 1_000, 5_000, 5_000]]}, "after it was received"),
        ({"kept": [[0, 9_000, 0, 5_000]]}, "faster"),
        ({"kept": [[0, 1_000, 0, 1_000], [1_000, 2_000, 500, 1_500]]}, "twice"),
        (
            {"session": "22222222-2222-2222-2222-222222222222", "kept": [[0, 1_000, 0, 1_000]]},
            "no part of a lecture",
        ),
        ({"kept": [[0.5, 1_000, 0, 1_000]]}, "cannot be read"),
    ],
)
def test_a_chain_that_is_well_hashed_but_breaks_a_promise_is_found(change, words):
    body = {**row(1, "watch", 10_000, seq=0), **change}
    try:
        lines = chained(genesis(), [row(0, "open", 0, facts={"lesson": LESSON}), body])
    except ValueError:
        lines = chained(genesis(), [row(0, "open", 0, facts={"lesson": LESSON})])
        lines.insert(2, {"type": "row", "body": body, "hash": "0" * 64})
    assert any(words in fault for fault in verifier.verify(lines).faults), verifier.verify(lines).faults


@pytest.mark.parametrize("line", ["[]", "1", "null", '"row"', "{}", '{"type": "row"}', '{"type": "genesis"}'])
def test_nonsense_is_a_fault_and_never_an_exception(line):
    assert verifier.verify([json.loads(line)]).faults


# The store's side.


@pytest.mark.django_db
def test_heads_at_hand_are_bounded_and_a_chain_put_aside_goes_on_where_it_ended():
    learners = [Learner.on_edition()]
    for _ in range(8):
        other = Learner.on_edition()
        other.enrolment.user = learners[0].enrolment.user
        other.enrolment.save()
        learners.append(other)
    for round_ in range(2):
        for learner in learners:
            learner.now = BEGIN + timedelta(minutes=round_)
            learner.open()
    clock = PersonClock.objects.get(pk=learners[0].enrolment.user_id)
    assert len(clock.heads) == chain._HEADS_AT_HAND
    for learner in learners:
        indexes = Evidence.rows.filter(enrolment=learner.enrolment).values_list("index", flat=True)
        assert sorted(indexes) == [0, 1]
        assert verifier.verify(export_lines(learner.enrolment)).faults == []


@pytest.mark.django_db
def test_the_genesis_is_of_the_moment_when_the_chain_began(learner):
    learner.open()
    before = Chain.objects.get(pk=learner.enrolment.pk)
    EditionLessonFactory(edition=learner.enrolment.edition)
    learner.open()
    again = Chain.objects.get(pk=learner.enrolment.pk)
    assert (again.genesis, again.genesis_hash) == (before.genesis, before.genesis_hash)
    assert len(again.genesis["lessons"]) == 2


@pytest.mark.django_db
def test_no_name_number_or_address_of_the_person_is_in_what_is_hashed(learner):
    user = learner.enrolment.user
    learner.open()
    learner.play(0, 30)
    told = json.dumps(list(export_lines(learner.enrolment)), ensure_ascii=False)
    for secret in (user.name, user.mobile, user.email, "192.0.2.7"):
        assert secret not in told
    assert str(user.pseudonym) in told


@pytest.mark.django_db
def test_a_chain_begun_by_a_reading_is_proven_like_any_other():
    learner = Learner.on_edition(reading=True)
    reading = learner.enrolment.edition.lessons.get(kind="reading")
    services.acknowledge_reading(enrolment=learner.enrolment, lesson=reading, now=BEGIN)
    services.make_checkpoint()
    report = verifier.verify(export_lines(learner.enrolment), keys.public_key())
    assert (report.faults, report.rows, report.sealed) == ([], 1, 1)


@pytest.mark.django_db
def test_checkpoints_look_back_so_that_a_row_committed_late_is_sealed_too(learner, monkeypatch):
    """A transaction may take its number early and commit late, after a checkpoint passed it by."""
    learner.open()
    late = Learner.on_edition()
    late.open()
    hidden = Evidence.rows.get(enrolment=late.enrolment)
    fields = {f.attname: getattr(hidden, f.attname) for f in Evidence._meta.concrete_fields}
    by_hand().filter(pk=hidden.pk).delete()
    services.make_checkpoint(now=BEGIN)
    Evidence.rows.create(**fields)
    services.make_checkpoint(now=BEGIN + timedelta(minutes=5))
    assert CheckpointLeaf.objects.filter(enrolment=late.enrolment).count() == 1
    assert CheckpointLeaf.objects.filter(enrolment=learner.enrolment).count() == 1
    monkeypatch.setattr(checkpoints, "_LOOK_BACK", 0)
    assert services.make_checkpoint(now=BEGIN + timedelta(minutes=10)) is None


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 2, 3, 7, 8, 9])
def test_each_chain_under_a_checkpoint_carries_its_own_proof(number):
    learners = [Learner.on_edition(videos=1) for _ in range(number)]
    for learner in learners:
        learner.open()
    services.make_checkpoint()
    assert Checkpoint.objects.get().size == number
    for learner in learners:
        report = verifier.verify(export_lines(learner.enrolment), keys.public_key())
        assert (report.faults, report.sealed) == ([], 1)


@pytest.mark.django_db
def test_a_proof_of_somebody_else_proves_nothing(learner):
    other = Learner.on_edition()
    for one in (learner, other):
        one.open()
    services.make_checkpoint()
    mine, theirs = list(export_lines(learner.enrolment)), list(export_lines(other.enrolment))
    assert verifier.verify([*mine[:-1], theirs[-1]], keys.public_key()).faults


@pytest.mark.django_db
def test_rows_after_the_last_checkpoint_are_counted_apart(learner):
    learner.open()
    learner.play(0, 15)
    services.make_checkpoint()
    learner.play(15, 45)
    report = verifier.verify(export_lines(learner.enrolment), keys.public_key())
    assert (report.faults, report.rows, report.sealed) == ([], 4, 2)


@pytest.mark.parametrize("ms", [0, 1, 999, 1_760_000_000_001, 2**45])
def test_moments_keep_their_milliseconds(ms):
    assert to_ms(from_ms(ms)) == ms


def test_a_chain_without_a_seal_is_not_said_to_hold_where_a_key_is_given(tmp_path, capsys):
    path = tmp_path / "bare.jsonl"
    lines = chained(genesis(), [row(0, "open", 0, facts={"lesson": LESSON})])
    path.write_text("\n".join(json.dumps(line) for line in lines))
    assert verifier.main([str(path), "--key", keys.public_key()]) == 3
    assert "no checkpoint seals them" in capsys.readouterr().out
    assert verifier.main([str(path)]) == 0

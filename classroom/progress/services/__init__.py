"""Writes of progress. Locks are always taken in this order: progress rows, then the person's clock."""

from classroom.progress.services.checkpoints import make_checkpoint
from classroom.progress.services.compaction import Compacted, compact_due
from classroom.progress.services.credit import Credit, credit, receive, take_in_two_calls, take_report
from classroom.progress.services.decisions import chain_decisions
from classroom.progress.services.partitions import Kept, keep_ranges
from classroom.progress.services.presence import Answer, Presence, answer_check, extend_check
from classroom.progress.services.readings import acknowledge_reading, save_position
from classroom.progress.services.rebuild import Difference, rebuild
from classroom.progress.services.sessions import hold_clock, open_session

__all__ = [
    "Answer",
    "Compacted",
    "Credit",
    "Difference",
    "Kept",
    "Presence",
    "acknowledge_reading",
    "answer_check",
    "chain_decisions",
    "compact_due",
    "credit",
    "extend_check",
    "hold_clock",
    "keep_ranges",
    "make_checkpoint",
    "open_session",
    "rebuild",
    "receive",
    "save_position",
    "take_in_two_calls",
    "take_report",
]

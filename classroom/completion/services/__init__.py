"""Writes of completion: settle what follows from the facts, and correct by hand, by two persons."""

from classroom.completion.services.correcting import decide, propose
from classroom.completion.services.ledger import reverse_credit
from classroom.completion.services.settling import settle

__all__ = ["decide", "propose", "reverse_credit", "settle"]

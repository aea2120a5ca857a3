"""The only signal of the house: a lower room tells unknown upper ones that a lecture can be watched."""

from django.dispatch import Signal

# Sent on commit with `encode`: it has become `encode.lecture.current`.
encode_published = Signal()

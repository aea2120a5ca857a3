"""The only signals of the house: a lower room tells unknown upper ones what viewers get."""

from django.dispatch import Signal

# Sent on commit with `encode`: it has become `encode.lecture.current`.
encode_published = Signal()
# Sent on commit with `encode`: its trainer decided about its chapters and slides, or it took some over.
marks_decided = Signal()
# Sent on commit with `lecture`: the captions of one of its languages were deleted.
captions_deleted = Signal()

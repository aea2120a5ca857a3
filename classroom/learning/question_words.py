"""The words of the questions inside a lecture, for the page's script, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def question_words() -> dict[str, str]:
    """Return what the script says about questions; `{name}` places are filled there."""
    return {
        "question_title": _("Question at {at}"),
        "question_single": _("One answer is right."),
        "question_multiple": _("Several answers are right; all of them are needed."),
        "question_true_false": _("True or false?"),
        "question_answer": pgettext("send an answer", "Answer"),
        "question_retry": _("Answer again"),
        "question_none": _("Choose an answer first."),
        "question_sending": _("Checking the answer…"),
        "question_right": _("Right."),
        "question_wrong": _("Not right yet. Try again, or watch that part again."),
        "question_offline": _(
            "Not sent: an answer needs the network. You can put it off and go on watching; the question "
            "waits in the list under the player."
        ),
        "question_failed": _(
            "The answer did not get through. Try again, or put it off: the question waits in the list under "
            "the player."
        ),
        "question_signed_out": _(
            "Not sent: your sign-in has expired. Sign in again in the new tab, come back and answer again."
        ),
        "asked_sentence": _("{done} of {count} answered rightly"),
        "asked_open": _("Not answered yet"),
        "asked_tried": _("Not right yet, tries: {tries}"),
    }

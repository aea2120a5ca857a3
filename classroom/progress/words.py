"""Why a part of a viewing did not count, in plain words."""

from django.utils.translation import gettext as _

from classroom.progress.spans import Rule


def why(rule: str) -> str:
    """Return the reason behind a refusal and what to do, in the reader's language."""
    return {
        Rule.POSSIBLE: _(
            "More of the lecture was reported than can be shown in that time. Play it at a permitted speed."
        ),
        Rule.ENCODE: _("This part lies beyond the end of the lecture."),
        Rule.PAST: _(
            "This part is reported for a time that has not come yet. Check the clock of your device."
        ),
        Rule.GRANT: _("This viewing had ended by then. Reload the page to start a new one."),
        Rule.HEARD: _(
            "Your device was offline longer than counts without contact to the server. Play this part again."
        ),
        Rule.PRESENT: _("The question whether you are there was not answered in time. Play this part again."),
        Rule.FIRST_VIEW: _(
            "This part lies ahead of what you have watched. It counts as soon as you have watched up to it."
        ),
        Rule.CROWDED: _(
            "Too many separate parts were shown ahead of what you have watched. Play this part again later."
        ),
        Rule.LIFE: _("This time was already counted, on this or another device. Time counts once."),
    }.get(rule, _("This part could not be counted. Play it again."))

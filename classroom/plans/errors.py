"""What can be wrong with a plan; each message says what to do."""

from django.utils.translation import gettext_lazy as _


class PlanError(Exception):
    """A refusal of this room; `message` is for the reader, in the reader's language."""

    message = _("This plan cannot be made.")

    def __init__(self) -> None:
        super().__init__(str(self.message))


class NotYourPlan(PlanError):
    """Neither the manager of the institution nor a regulator of the authority asks."""

    message = _("You may plan only for an institution that you manage or an authority that you act for.")


class OneOwner(PlanError):
    """Not exactly one of authority and institution was given."""

    message = _("Name either an authority or an institution, not both.")


class DueBeforeOpening(PlanError):
    """The due day is before the day of opening."""

    message = _("The due day is before the day on which the plan opens. Choose a later one.")


class WrongPeriod(PlanError):
    """A plan would repeat after no time, or only when nobody remembers it."""

    message = _("A plan repeats after 1 to 120 months. Leave the period out where it asks once.")


class UnknownPost(PlanError):
    """A post of the audience is none that anybody can hold."""

    message = _("There is no such post, so nobody would be trained. Choose posts from the list.")


class PlanEnded(PlanError):
    """An ended plan is to change."""

    message = _("This plan has ended and cannot change any more. Make a new one.")


class HasOpened(PlanError):
    """A plan that people are enrolled by is to open on another day."""

    message = _("This plan has opened already, so the day on which it opened stays.")

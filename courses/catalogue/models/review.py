"""The step of the editorial workflow at which a reviewer decides."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask

from courses.catalogue.readiness import blocking


class Review(AbstractGroupApprovalTask):  # type: ignore[misc] # Wagtail is untyped
    """Approval by a group. Nobody approves what they submitted themselves (superusers may)."""

    class Meta:
        verbose_name = _("review of a course")
        verbose_name_plural = _("reviews of courses")

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, str, bool]]:
        """Return what the user may do now.

        Approving is left out where they submitted the course themselves, and where it became unfit
        meanwhile: then it can only be sent back.
        """
        actions: list[tuple[str, str, bool]] = super().get_actions(obj, user)
        state = obj.current_workflow_state
        is_own = state and state.requested_by_id == user.pk and not user.is_superuser
        if actions and (is_own or self.is_unfit(obj)):
            return [action for action in actions if action[0] != "approve"]
        return actions

    @staticmethod
    def is_unfit(obj: Any) -> bool:
        """Whether the newest draft of a course could not be published. Other pages always can."""
        draft = obj.get_latest_revision_as_object()
        return hasattr(draft, "lessons") and bool(blocking(draft))

    @classmethod
    def get_description(cls) -> str:
        """Say in the workflow settings what the step is."""
        return str(_("A member of the groups approves the course; not the one who submitted it."))

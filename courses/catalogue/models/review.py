"""The step of the editorial workflow at which a reviewer decides."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask


class Review(AbstractGroupApprovalTask):  # type: ignore[misc] # Wagtail is untyped
    """Approval by a group. Nobody approves what they submitted themselves (superusers may)."""

    class Meta:
        verbose_name = _("review of a course")
        verbose_name_plural = _("reviews of courses")

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, str, bool]]:
        """Return what the user may do now; approving one's own submission is left out."""
        actions: list[tuple[str, str, bool]] = super().get_actions(obj, user)
        state = obj.current_workflow_state
        if state and state.requested_by_id == user.pk and not user.is_superuser:
            return [action for action in actions if action[0] != "approve"]
        return actions

    @classmethod
    def get_description(cls) -> str:
        """Say in the workflow settings what the step is."""
        return str(_("A member of the groups approves the course; not the one who submitted it."))

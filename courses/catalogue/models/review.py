"""The step of the editorial workflow at which a reviewer decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.forms import TaskStateCommentForm
from wagtail.models import AbstractGroupApprovalTask

from courses.catalogue.errors import ReasonMissing
from courses.catalogue.readiness import blocking


class ReasonForm(TaskStateCommentForm):  # type: ignore[misc] # Wagtail is untyped
    """Asks why a course is sent back."""

    comment = forms.CharField(label=_("What has to be changed"), widget=forms.Textarea({"rows": 3}))


class Review(AbstractGroupApprovalTask):  # type: ignore[misc] # Wagtail is untyped
    """Approval by a group. Nobody approves what they wrote or submitted themselves (superusers may)."""

    class Meta:
        verbose_name = _("review of a course")
        verbose_name_plural = _("reviews of courses")

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, str, bool]]:
        """Return what the user may do now.

        Approving is left out where they made or submitted the course themselves, and where it became
        unfit meanwhile: then it can only be sent back.
        """
        actions: list[tuple[str, str, bool]] = super().get_actions(obj, user)
        if actions and (self.is_own(obj, user) or self.is_unfit(obj)):
            return [action for action in actions if action[0] != "approve"]
        return actions

    def get_form_for_action(self, action: str) -> type[forms.Form]:
        """Ask for a reason where something is sent back; a comment stays free elsewhere."""
        if action == "reject":
            return ReasonForm
        form: type[forms.Form] = super().get_form_for_action(action)
        return form

    def on_action(self, task_state: Any, user: Any, action_name: str, **kwargs: Any) -> Any:
        """Do it. Raises `ReasonMissing` where something is sent back without a word."""
        if action_name == "reject" and not str(kwargs.get("comment") or "").strip():
            raise ReasonMissing
        return super().on_action(task_state, user, action_name, **kwargs)

    @staticmethod
    def is_own(obj: Any, user: Any) -> bool:
        """Whether the person made the page or submitted it. A superuser decides on anything."""
        state = obj.current_workflow_state
        submitted = state is not None and state.requested_by_id == user.pk
        return bool(not user.is_superuser and (submitted or obj.owner_id == user.pk))

    @staticmethod
    def is_unfit(obj: Any) -> bool:
        """Whether the newest draft of a course could not be published. Other pages always can."""
        draft = obj.get_latest_revision_as_object()
        return hasattr(draft, "lessons") and bool(blocking(draft))

    @classmethod
    def get_description(cls) -> str:
        """Say in the workflow settings what the step is."""
        return str(_("A member of the groups approves the course; not the one who submitted it."))

"""The panel of the course editor that says whether a course is ready, what changed and whom it touches."""

from typing import Any

from wagtail.admin.panels import Panel


class StandingPanel(Panel):  # type: ignore[misc] # Wagtail is untyped
    """Shows the newest draft's standing; its template asks `course_desk` for the facts."""

    class BoundPanel(Panel.BoundPanel):  # type: ignore[misc] # Wagtail is untyped
        """Finds the draft."""

        template_name = "catalogue/admin/standing.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """Return the page as it was last saved, published or not; None before the first save."""
            context: dict[str, Any] = super().get_context_data(parent_context)
            page = self.instance
            saved = page.pk and page.latest_revision_id
            return {**context, "draft": page.get_latest_revision_as_object() if saved else None}


class RulePanel(StandingPanel):
    """Says in plain words what completes the course as last saved; its template asks `course_desk`."""

    class BoundPanel(StandingPanel.BoundPanel):
        """Finds the draft, as the panel of its standing does."""

        template_name = "catalogue/admin/rule.html"

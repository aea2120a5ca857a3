"""Who may publish a course: nobody directly. A review publishes it; see `courses.catalogue.approval`."""

from typing import Any

from wagtail.models import PagePermissionTester


class ReviewedPermissions(PagePermissionTester):  # type: ignore[misc] # Wagtail is untyped
    """The rights on a course page, and on the page that holds them: only superusers publish unreviewed.

    Groups keep the right to publish in the tree: with it they take a course down, unschedule it
    and restrict who sees it.
    """

    def can_publish(self) -> bool:
        """Whether the person may publish without a review."""
        return bool(self.user.is_superuser and super().can_publish())

    def can_publish_subpage(self) -> bool:
        """Whether the person may make a course and publish it in one go."""
        return bool(self.user.is_superuser and super().can_publish_subpage())

    def can_copy(self) -> bool:
        """Nobody copies a course: its code, which certificates name, is its own for good."""
        return False

    def can_copy_to(self, destination: Any, recursive: bool = False) -> bool:
        """As `can_copy`."""
        return False

    def can_unschedule(self) -> bool:
        """Whether the person may take back an hour of publishing that a review granted."""
        return bool(super().can_publish())

    def can_set_view_restrictions(self) -> bool:
        """Whether the person may restrict who sees the page."""
        return bool(super().can_publish())

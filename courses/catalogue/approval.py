"""What happens once the last step of a review is approved."""

from typing import Any


def publish_approved(workflow_state: Any, user: Any = None) -> None:
    """Publish what was approved. The approval is the right to publish: no other is asked for.

    Named by `WAGTAIL_FINISH_WORKFLOW_ACTION`; Wagtail imports it before any model is there.
    """
    revision = workflow_state.content_object.get_latest_revision()
    revision.publish(user=user, skip_permission_checks=True)

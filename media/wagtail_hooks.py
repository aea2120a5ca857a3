"""The lecture admin and its chooser."""

from wagtail import hooks

from media.blocks import lecture_chooser_viewset


@hooks.register("register_admin_viewset")
def register_lecture_chooser() -> object:
    """Register the chooser."""
    return lecture_chooser_viewset

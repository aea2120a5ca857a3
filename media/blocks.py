"""The chooser of lectures for course pages."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.chooser import ChooserViewSet

lecture_chooser_viewset = ChooserViewSet(
    "lecture_chooser",
    model="media.Lecture",
    icon="media",
    choose_one_text=_("Choose a lecture"),
    choose_another_text=_("Choose another lecture"),
    edit_item_text=_("Open this lecture"),
)
LectureChooserBlock = lecture_chooser_viewset.get_block_class(
    name="LectureChooserBlock", module_path="media.blocks"
)

"""The course editor's form: a draft may be unfinished, what is submitted or published may not."""

import re
import secrets
from typing import Any

from django.utils.text import slugify
from wagtail.admin.forms import WagtailAdminPageForm

from courses.catalogue.readiness import blocking

_CHANCE = re.compile(r"draft-[0-9a-f]{8}")


class CoursePageForm(WagtailAdminPageForm):
    """Refuses to submit, approve or publish what could not be taught, and says why beside the field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False

    def clean(self) -> dict[str, Any]:
        """Make the address out of the code where none is written: a Chinese title gives none by itself.

        A draft that has no code yet gets an address of chance, which its code replaces.
        """
        written, code = self.data.get("slug") or "", self.cleaned_data.get("code")
        if not written or (_CHANCE.fullmatch(written) and self.instance.first_published_at is None):
            self.cleaned_data["slug"] = slugify(code) if code else written or f"draft-{secrets.token_hex(4)}"
            self.instance.slug = self.cleaned_data["slug"]
        return dict(super().clean())

    def _post_clean(self) -> None:
        """Look at the page as it would be, once its own fields are in order."""
        super()._post_clean()
        if self.is_deferred_validation or self.errors or not self.asks_to_publish():
            return
        for problem in blocking(self.instance):
            self.add_error(problem.field if problem.field in self.fields else None, str(problem.words))

    def asks_to_publish(self) -> bool:
        """Whether the button that was pressed leads towards publishing; sending back and cancelling do not."""
        data: Any = self.data
        if data.get("action-workflow-action"):
            return bool(data.get("workflow-action-name") == "approve")
        return any(data.get(name) for name in ("action-publish", "action-submit", "action-restart-workflow"))

"""Where operators find the accounts in the admin."""

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from classroom.people.permissions import is_operator


class OperatorsItem(MenuItem):
    """An entry that only operators see."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Return whether the reader is an operator."""
        return is_operator(request.user)


@hooks.register("register_admin_menu_item")
def accounts_item() -> MenuItem:
    """Lead operators to the accounts."""
    return OperatorsItem(
        _("Accounts"), reverse_lazy("people:directory"), name="accounts", icon_name="user", order=900
    )

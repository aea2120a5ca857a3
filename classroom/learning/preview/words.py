"""What the player says differently in a preview: wherever a learner is told what is saved."""

from django.utils.translation import gettext as _


def preview_words() -> dict[str, str]:
    """Return the messages of the script that would be untrue where nothing is recorded."""
    nothing = _("Preview: nothing is recorded")
    offline = _("The server does not answer. This is a preview: nothing is lost, since nothing is recorded.")
    busy = _("The server is busy. This is a preview: nothing is lost, since nothing is recorded.")
    states = ("ready", "saving", "saved", "resending")
    return {
        **{f"save_{state}": nothing for state in states},
        "save_offline": _("Offline"),
        "save_offline_unkept": _("Offline"),
        "save_busy": _("The server is busy"),
        "save_busy_unkept": _("The server is busy"),
        "save_signed_out": _("Your sign-in has expired"),
        "save_refused": "{detail}",
        "offline_text": offline,
        "offline_unkept": offline,
        "busy_text": busy,
        "busy_unkept": busy,
        "signed_out_text": _("Sign in again in the new tab, then reload this page."),
        "allowance_text": offline,
        "memory_title": nothing,
        "memory_text": "",
        "silent_title": nothing,
        "silent_text": "",
        "unopened_text": _("Check the network and try again."),
        "unopened_busy": _("The server is busy or being restarted. Try again in a moment."),
        "unopened_signed_out": _("Your sign-in has expired."),
        "failed_network": _("The network works no longer or the media service does not answer."),
        "failed_refused": _("The right to stream has run out. Reload the page."),
        "note_kept": "{detail}",
    }

"""The words of the lesson page's script, in the reader's language. `{name}` places are filled there."""

from django.utils.translation import gettext as _

from classroom.learning.question_words import question_words


def lesson_words() -> dict[str, str]:
    """Return every message that the script may show or speak."""
    return {**_saving(), **_watching(), **_notices(), **_panels(), **question_words()}


def _saving() -> dict[str, str]:
    return {
        "save_ready": _("Recording starts when you play"),
        "save_saving": _("Saving"),
        "save_saved": _("Saved {time}"),
        "save_offline": _("Offline, kept on this device"),
        "save_offline_unkept": _("Offline, kept only while this page is open"),
        "save_busy": _("The server is busy: kept on this device, will be sent again"),
        "save_busy_unkept": _("The server is busy: kept only while this page is open, will be sent again"),
        "save_resending": _("Sending {count} records now"),
        "save_signed_out": _("Not saved: your sign-in has expired"),
        "save_refused": _("Not saved: {detail}"),
    }


def _watching() -> dict[str, str]:
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "mute": _("Mute"),
        "unmute": _("Sound on"),
        "fullscreen": _("Full screen"),
        "fullscreen_exit": _("Leave full screen"),
        "rate": _("Speed {rate}"),
        "rate_held": _("Speed {rate}, since a first view counts no faster; {chosen} where it is verified"),
        "quality_auto": _("Automatic"),
        "quality_sound": _("Sound only"),
        "captions_off": _("No captions"),
        "slider": _("{now} of {total}, {state}"),
        "slider_chapter": _("{now} of {total}, {state}, chapter “{chapter}”"),
        "verified_here": _("verified"),
        "unverified_here": _("not verified"),
        "sum_verified": _("Verified {time}"),
        "sum_whole": _("{total} in all, nothing missing"),
        "sum_ahead": _("{total} in all, {ahead} still ahead"),
        "sum_gaps": _("{total} in all, {count} gaps of {missing}"),
        "sum_gaps_ahead": _("{total} in all, {count} gaps of {missing}, {ahead} still ahead"),
        "gap_range": _("{from} to {to}"),
        "gap_length": _("{seconds} seconds, make up"),
        "gaps_more": _("{count} more gaps; the N key goes to the next one."),
        "gap_line": _("{from} to {to} not verified"),
    }


def _notices() -> dict[str, str]:
    return {
        "offline_title": _("Offline since {time}."),
        "offline_text": _(
            "You can watch {minutes} min {seconds} s more. What you watch is kept on this device, sent "
            "once you are back and verified by the server."
        ),
        "offline_unkept": _(
            "You can watch {minutes} min {seconds} s more. Leave this page open: this browser keeps nothing, and "
            "what you watched would be lost. It is sent once you are back."
        ),
        "busy_title": _("The server is busy or being restarted (since {time})."),
        "busy_text": _(
            "You can watch {minutes} min {seconds} s more. What you watch is kept on this device and will be sent "
            "again by itself."
        ),
        "busy_unkept": _(
            "You can watch {minutes} min {seconds} s more. Leave this page open: what you watched is kept only as "
            "long as it is open, and will be sent again by itself."
        ),
        "signed_out_title": _("Your sign-in has expired."),
        "signed_out_text": _(
            "What you watched is kept on this device. Sign in again in the new tab and come back: it is "
            "sent by itself. You can watch {minutes} min {seconds} s more until then."
        ),
        "signed_out_unkept": _(
            "Sign in again in the new tab and come back: what you watched is sent by itself. Leave this page open, "
            "since this browser keeps nothing. You can watch {minutes} min {seconds} s more until then."
        ),
        "sign_in": _("Sign in again"),
        "allowance_title": _("Paused: what comes now could not count."),
        "allowance_text": _(
            "The server has not been heard from for too long. What you watched so far is sent once the "
            "connection is back, and playing goes on."
        ),
        "lease_title": _("You are learning on another device."),
        "lease_text": _("This one is paused; what it still has to send counts."),
        "lease_action": _("Continue here"),
        "seek_title": _("Not that far yet."),
        "seek_text": _("What was not yet seen cannot be skipped. You are now at {time}, the furthest point."),
        "refused_title": _("A part was not counted."),
        "refused_action": _("Play it again"),
        "memory_title": _("This browser keeps nothing."),
        "memory_text": _('If the page closes before "saved" shows, the last seconds are lost.'),
        "silent_title": _("The storage of this browser does not answer."),
        "silent_text": _("You can go on. What is not saved yet is kept only as long as this page is open."),
        "unopened_title": _("The lecture could not be opened."),
        "unopened_text": _("Your record is safe. Check the network and try again."),
        "unopened_busy": _(
            "The server is busy or being restarted. Your record is safe. Try again in a moment."
        ),
        "unopened_signed_out": _("Your sign-in has expired. Your record is safe."),
        "retry": _("Try again"),
        "failed_title": _("The video cannot go on."),
        "failed_network": _(
            "The network works no longer or the media service does not answer. Your record is safe."
        ),
        "failed_refused": _("The right to stream has run out. Your record is safe."),
        "failed_media": _("This browser cannot decode the picture. Try again, or another browser."),
        "failed_unsupported": _(
            "This browser can play no adaptive video. The transcript stays readable; please use a current "
            "version of Edge, Chrome, Firefox, Safari or WeChat."
        ),
    }


def _panels() -> dict[str, str]:
    return {
        "found": _("{count} lines found"),
        "found_slides": _("{count} lines and {slides} slides found"),
        "found_none": _("Nothing found"),
        "note_at": _("A note at {time}"),
        "note_saving": _("Saving"),
        "note_kept": _("Not saved yet; kept on this device. {detail}"),
        "note_deleted": _("Note deleted"),
        "note_not_deleted": _("The note could not be deleted. Try again."),
        "presence_left": _("Please answer within {time}."),
        "presence_missed": _(
            "The time is over. Press to go on; the part since the question has to be played again."
        ),
        "presence_failed": _("The answer did not get through. Check the network and press again."),
    }

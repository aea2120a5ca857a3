"""Sign-in and sign-out."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from classroom.people import services
from classroom.people.demo import DEMO_PASSWORD
from classroom.people.devices import device_of, mask_address
from classroom.people.forms import SignInForm, WelcomeForm
from classroom.people.ids import mask_identifier, normal_identifier
from classroom.people.invitations import invited
from classroom.people.models import SignIn, User
from classroom.people.queries import demo_people


def safe_next(request: HttpRequest) -> str:
    """Return where `next` leads if that is on this site, else the home page."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return settings.LOGIN_REDIRECT_URL


def _onward(request: HttpRequest, language: str) -> HttpResponse:
    """Lead on; whoever had sent a form while signed out is told on its page that it had no effect."""
    if _sends_again(request):
        with translation.override(language):
            messages.warning(
                request, _("You were signed out, so your last step had no effect. Please repeat it.")
            )
    return HttpResponseRedirect(safe_next(request))


def _sends_again(request: HttpRequest) -> bool:
    """Whether a form was sent by somebody who was no longer signed in."""
    return "again" in request.GET or "again" in request.POST


def admit(request: HttpRequest, user: User) -> None:
    """Sign the person in under a fresh session key and CSRF token, and record the device."""
    former = request.session.session_key or ""
    login(request, user, backend="classroom.people.backends.IdentifierBackend")
    if request.session.session_key in {None, former}:
        # Django keeps the key of a person who signs in once more, and gives none yet to a session
        # that it emptied; the list of devices needs it now.
        request.session.cycle_key()
    services.forget_failures(user=user, address=request.META.get("REMOTE_ADDR"))
    services.open_session(
        user=user,
        session_key=request.session.session_key or "",
        device=device_of(request.headers.get("User-Agent", "")),
        address=mask_address(request.META.get("REMOTE_ADDR", "")),
        replaces=former,
    )


def remember_language(response: HttpResponse, language: str) -> None:
    """Let the reader's language win over what the browser asks for."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask who is there. A failure says the same for a wrong name and a wrong password."""
    if request.user.is_authenticated and request.method != "POST":
        return _onward(request, translation.get_language())
    form = SignInForm(request.POST or None)
    failed = False
    if request.method == "POST" and form.is_valid():
        identifier = normal_identifier(form.cleaned_data["username"])
        user = authenticate(request, username=identifier, password=form.cleaned_data["password"])
        if isinstance(user, User):
            admit(request, user)
            if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
                return _onward(request, translation.get_language())
            response = _onward(request, user.language)
            remember_language(response, user.language)
            return response
        failed = True
        locked = getattr(request, "axes_locked_out", False)
        services.audit(
            actor=None,
            action="people.sign_in",
            target=mask_identifier(identifier),
            result="locked" if locked else "refused",
            detail={"address": mask_address(request.META.get("REMOTE_ADDR", ""))},
        )
    return render(
        request,
        "people/sign_in.html",
        {
            "form": form,
            "failed": failed,
            "next": request.POST.get("next") or request.GET.get("next") or "",
            "again": _sends_again(request),
            "demo_people": demo_people() if settings.DEMO else [],
            "demo_password": DEMO_PASSWORD if settings.DEMO else "",
        },
        status=401 if failed else 400 if form.errors else 200,
    )


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Let an invited person set a password and come in; a used or late link says what to do."""
    person = invited(key, token)
    if person is None:
        return render(request, "people/welcome_over.html", status=410)
    form = WelcomeForm(request.POST or None, user=person)
    if request.method == "POST" and form.is_valid():
        person = services.change_password(user=person, password=form.cleaned_data["new"], by=person)
        admit(request, person)
        return redirect("people:me")
    context = {"form": form, "person": person, "name": person.mobile or person.email}
    return render(request, "people/welcome.html", context, status=400 if form.errors else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    if isinstance(request.user, User):
        current = SignIn.objects.filter(session_key=request.session.session_key, user=request.user).first()
        if current:
            services.end_session(user=request.user, sign_in_id=current.pk)
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)

"""Addresses of the people room."""

from django.urls import URLPattern, URLResolver, path

from classroom.people.api.me import MeView
from classroom.people.views import account, directory, signing

app_name = "people"
urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", signing.sign_in, name="sign_in"),
    path("sign-out/", signing.sign_out, name="sign_out"),
    path("welcome/<str:key>/<str:token>/", signing.welcome, name="welcome"),
    path("privacy/", account.privacy, name="privacy"),
    path("me/", account.me, name="me"),
    path("me/password/", account.password, name="password"),
    path("me/sessions/<int:sign_in_id>/end/", account.end_session, name="end_session"),
    path("me/sessions/end-others/", account.end_others, name="end_others"),
    path("me/tokens/", account.issue_token, name="issue_token"),
    path("me/tokens/<int:token_id>/revoke/", account.revoke_token, name="revoke_token"),
    path("me/privacy/", account.confirm_privacy, name="confirm_privacy"),
    path("operator/people/", directory.people, name="directory"),
    path("operator/people/<int:user_id>/", directory.person, name="directory_person"),
    path("operator/people/<int:user_id>/roles/", directory.roles, name="directory_roles"),
    path("operator/people/<int:user_id>/link/", directory.link, name="directory_link"),
    path("operator/people/<int:user_id>/close/", directory.close, name="directory_close"),
    path("operator/audit/", directory.entries, name="audit"),
    path("me/close/", account.close, name="close"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [path("me/", MeView.as_view(), name="me")]

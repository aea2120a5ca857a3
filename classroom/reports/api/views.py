"""Endpoints of reports. What lies outside the reader's scope is not there."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from classroom.institutions.models import Institution, SupervisingAuthority
from classroom.institutions.permissions import is_manager, is_regulator
from classroom.institutions.queries import authorities_in, scope_of
from classroom.people.models import User
from classroom.reports.api import serializers
from classroom.reports.errors import OutOfScope, ReportError
from classroom.reports.figures import COUNT_FIELDS, Counts, Rate
from classroom.reports.models import ReportRun
from classroom.reports.queries import board, rollups, tables
from classroom.reports.services import exports
from classroom.reports.tasks import export as export_task

_COURSE = OpenApiParameter(
    "course", str, description="Empty for all, `mandatory`, or the code of one course."
)
_YEAR = OpenApiParameter("year", str, description="Enrolments begun in this year; empty for all.")
_POST = OpenApiParameter("post", str, description="People who hold this kind of post today; empty for all.")
_AUTHORITY = OpenApiParameter("authority", str, description="The code of an authority in one's scope.")


class IsRegulator(BasePermission):
    """Lets regulators in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the reader supervises anything today."""
        return is_regulator(request.user)


class IsManagerOrRegulator(BasePermission):
    """Lets training managers and regulators in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the reader manages or supervises anything today."""
        return is_manager(request.user) or is_regulator(request.user)


def _rate(rate: Rate) -> dict[str, Any]:
    percent = None if rate.percent is None else float(rate.percent)
    return {"numerator": rate.numerator, "denominator": rate.denominator, "percent": percent}


def _counts(counts: Counts) -> dict[str, Any]:
    return {name: getattr(counts, name) for name in COUNT_FIELDS}


def _line(authority: SupervisingAuthority | None, line: rollups.Line) -> dict[str, Any]:
    return {
        "code": authority.code if authority else "",
        "name": authority.short_name if authority else "",
        "institutions": line.institutions,
        "counts": _counts(line.counts),
        "coverage": _rate(line.coverage),
        "participation": _rate(line.counts.participation),
        "completion": _rate(line.counts.completion),
        "passing": _rate(line.counts.passing),
    }


def _part(request: Request) -> rollups.Slice:
    try:
        return exports.slice_of(scope_of(request.user), request.query_params)
    except OutOfScope as error:
        raise NotFound from error


class OverviewView(APIView):
    """Rates of one's scope, by authority."""

    permission_classes = [IsAuthenticated, IsRegulator]

    @extend_schema(
        summary="Overview of one's scope",
        parameters=[_AUTHORITY, _COURSE, _YEAR, _POST],
        responses=serializers.OverviewSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return the total and a line for each authority."""
        part = _part(request)
        within = authorities_in(part.scope).filter(path__startswith=part.path)
        pairs = tables.authority_lines(part, within)
        return Response(
            {
                "as_of": rollups.as_of(part),
                "course": request.query_params.get("course", ""),
                "total": _line(None, rollups.total([line for _, line in pairs])),
                "authorities": [_line(authority, line) for authority, line in pairs],
            }
        )


class InstitutionsView(GenericAPIView):
    """The institutions of one's scope with their counts."""

    permission_classes = [IsAuthenticated, IsRegulator]
    serializer_class = serializers.InstitutionLineSerializer
    filter_backends: list[Any] = []

    @extend_schema(
        summary="Institutions of one's scope",
        parameters=[_AUTHORITY, _COURSE, _YEAR, _POST],
        responses=serializers.InstitutionLineSerializer(many=True),
        operation_id="reports_institutions_list",
    )
    def get(self, request: Request) -> Response:
        """Return a page of institutions, in the order of every table."""
        part = _part(request)
        page = self.paginate_queryset(rollups.institutions(part)) or []
        counted = rollups.by_institution(part, [row.pk for row in page])
        rows = [
            {
                "id": row.pk,
                "uscc": row.uscc,
                "name": row.name,
                "authority": row.supervising_authority.code,
                "counts": _counts(counted.get(row.pk, Counts())),
            }
            for row in page
        ]
        return self.get_paginated_response(rows)


class PeopleView(GenericAPIView):
    """The staff of one institution with where they stand."""

    permission_classes = [IsAuthenticated, IsManagerOrRegulator]
    serializer_class = serializers.PersonSerializer
    filter_backends: list[Any] = []

    @extend_schema(
        summary="Staff of an institution",
        description="A regulator gets by name only mandatory courses and those that a plan asks for.",
        responses=serializers.PersonSerializer(many=True),
        operation_id="reports_people_list",
    )
    def get(self, request: Request, institution_id: int) -> Response:
        """Return a page of people."""
        scope = scope_of(request.user)
        institution = Institution.objects.visible_to(scope).filter(pk=institution_id).first()
        if institution is None:
            raise NotFound
        found = board.board(
            scope=scope,
            institution=institution,
            today=timezone.localdate(),
            supervised_only=not (scope.everything or institution.pk in scope.institution_ids),
        )
        page: list[board.Person] = self.paginate_queryset(found.people) or []
        found.fill(page)
        return self.get_paginated_response([_person(person) for person in page])


def _person(person: board.Person) -> dict[str, Any]:
    return {
        "id": person.user_id,
        "name": person.name,
        "department": person.department,
        "posts": person.posts,
        "courses": [
            {
                "enrolment": cell.enrolment_id,
                "course": cell.code,
                "state": cell.state,
                "percent": cell.percent,
                "due_on": cell.due_on,
                "completed_on": cell.completed_on,
                "certificate": cell.certificate,
            }
            for cell in sorted(person.cells.values(), key=lambda cell: cell.code)
        ],
    }


class RunsView(GenericAPIView):
    """One's own exports."""

    permission_classes = [IsAuthenticated, IsManagerOrRegulator]
    serializer_class = serializers.RunSerializer
    filter_backends: list[Any] = []

    @extend_schema(
        summary="One's exports",
        responses=serializers.RunSerializer(many=True),
        operation_id="reports_runs_list",
    )
    def get(self, request: Request) -> Response:
        """Return a page of one's own exports, the newest first."""
        own = ReportRun.objects.unscoped("one's own exports only").filter(user_id=request.user.pk or 0)
        page = self.paginate_queryset(own) or []
        return self.get_paginated_response(serializers.RunSerializer(page, many=True).data)

    @extend_schema(
        summary="Ask for an export",
        description="A small export is ready in the answer; a large one is made by a worker. "
        "Fetch the file at /exports/{id}/.",
        request=serializers.RunRequestSerializer,
        responses={201: serializers.RunSerializer, 202: serializers.RunSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make an export, or have it made."""
        asked = serializers.RunRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = {key: str(value) for key, value in asked.validated_data.items()}
        user = request.user
        if not isinstance(user, User):
            raise Http404
        try:
            run, is_small = exports.request_run(
                user=user, kind=data["kind"], file_format=data["format"], spec=exports.clean_spec(data)
            )
        except OutOfScope as error:
            raise NotFound from error
        except ReportError as error:
            raise ValidationError(str(error)) from error
        if not is_small:
            export_task.delay(str(run.pk))
            return Response(serializers.RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)
        made = exports.produce(run_id=run.pk) or run
        return Response(serializers.RunSerializer(made).data, status=status.HTTP_201_CREATED)

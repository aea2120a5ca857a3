"""The public, read-only API of the catalogue."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from courses.catalogue import queries
from courses.catalogue.api.serializers import CourseDetailSerializer, CourseSerializer, TopicSerializer
from courses.catalogue.models import Topic

_TRUE, _FALSE = {"1", "true", "yes"}, {"0", "false", "no"}


class TopicsView(ListAPIView[Topic]):
    """The topics in their order, with how many courses each has."""

    permission_classes = [AllowAny]
    serializer_class = TopicSerializer
    queryset = queries.topics_with_counts()


class CoursesView(GenericAPIView[Any]):
    """The courses that are taught now; with `q` those that fit, the best first."""

    permission_classes = [AllowAny]
    serializer_class = CourseSerializer

    @extend_schema(
        operation_id="courses_list",
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="Words, two characters, pinyin or English."),
            OpenApiParameter("topic", OpenApiTypes.STR, description="Code of a topic."),
            OpenApiParameter(
                "mandatory", OpenApiTypes.BOOL, description="Only mandatory courses, or only others."
            ),
        ],
        responses=CourseSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List and search courses."""
        said = request.query_params.get("mandatory", "").lower()
        mandatory = True if said in _TRUE else False if said in _FALSE else None
        found = queries.search_courses(
            request.query_params.get("q", ""),
            topic=request.query_params.get("topic") or None,
            mandatory=mandatory,
        )
        # Both take any list; their types know only querysets and single objects.
        page: Any = self.paginate_queryset(found)  # type: ignore[arg-type]
        rows = CourseSerializer(page, many=True, context={"request": request})
        return self.get_paginated_response(rows.data)


class CourseView(GenericAPIView[Any]):
    """One course with its outline and its rule in words."""

    permission_classes = [AllowAny]
    serializer_class = CourseDetailSerializer

    @extend_schema(operation_id="courses_retrieve", responses=CourseDetailSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Return the edition that is taught now. 404 where there is none."""
        course = queries.published_courses().filter(code__iexact=code).first()
        if course is None or course.current is None:
            raise NotFound
        context = {"request": request, "outline": queries.outline(course.current)}
        return Response(CourseDetailSerializer(queries.Found(course), context=context).data)

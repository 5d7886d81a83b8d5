"""The typed API: every chapter's router under one address, one way to sign in, one shape of refusal (RFC 9457)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from kexin.chapters.crm.api import router as customers
from kexin.chapters.privacy.api import router as privacy
from kexin.foundation import canonical
from kexin.foundation.caller import Caller, CallerKind
from kexin.foundation.problems import Problem
from kexin.site import openapi


def _signed_in(request: HttpRequest) -> Caller | None:
    """Tokens alone: a browser's session cookie must not be able to drive the API from another page."""
    caller: Caller | None = getattr(request, "caller", None)
    return caller if caller is not None and caller.kind is CallerKind.TOKEN else None


class BearerToken:
    """The sign-in of the API as the document describes it; `people`'s middleware reads the header itself."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_security_schema = {"type": "http", "scheme": "bearer"}

    def __call__(self, request: HttpRequest) -> Caller | None:
        return _signed_in(request)


class Api(NinjaAPI):
    """The API with every refusal named in its document."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """OpenAPI 3.1, as `docs/openapi.json` has it."""
        document = super().get_openapi_schema(**options)
        openapi.completed(document)
        return document


api = Api(
    title="Kexin 客信",
    version="1",
    description="A `Kexin-Purpose` header may select among the purposes of the token, and never widens them.",
    auth=BearerToken(),
    docs_url=None,
    openapi_url="openapi.json",
    urls_namespace="api",
)
api.add_router("", customers)
api.add_router("", privacy)


def problem_response(document: dict[str, Any]) -> HttpResponse:
    """A problem document as an answer."""
    response = HttpResponse(canonical.dumps(document), status=document["status"], content_type="application/problem+json")
    if document["status"] == 401:
        response["WWW-Authenticate"] = 'Bearer realm="kexin"'
    return response


def _document(status: int, code: str, title: Any, **extras: Any) -> dict[str, Any]:
    return {"type": f"urn:kexin:problem:{code}", "status": status, "title": str(title), "detail": str(title), **extras}


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Any) -> HttpResponse:
    del request
    return problem_response(problem.document())


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """Which members are wrong and how; never the value that was sent (it could be somebody's)."""
    del request
    errors = [
        {"member": ".".join(str(part) for part in item["loc"]), "reason": item["type"]} for item in error.errors[:50]
    ]
    return problem_response(_document(422, "invalid", _("内容不符合接口定义"), errors=errors))


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: Any) -> HttpResponse:
    del request, error
    return problem_response(_document(401, "token-refused", _("令牌无效或已到期")))


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    del request
    return problem_response(_document(error.status_code, "bad-request", _("请求内容无法读取，请检查 JSON 格式")))


urlpatterns = [path("", api.urls)]

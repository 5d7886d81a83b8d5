"""Face: the import wizard. Each step is a page of its own address; a view makes one call."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from http.client import FORBIDDEN
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kexin.chapters.collection import operations, queries
from kexin.chapters.collection.adapters.tables import MAX_FILE_BYTES
from kexin.chapters.collection.types import Declaration, ImportView, Stage
from kexin.foundation.clock import now
from kexin.foundation.problems import Invalid
from kexin.foundation.ui.place import place
from kexin.vault import operations as vault

app_name = "collection"

WORK = ("presale", "service", "contract_b2b")


def _sealing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Uploads of this view are sealed while they arrive. The form is read after that is settled, so the check of the
    form's token stands inside; what a refused request brought (no token, no right) is burned before the answer."""
    checked = csrf_protect(view)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        handler = vault.SealingUploadHandler(
            request, kind="upload", about=operations.BROUGHT_IN, expires_at=now() + operations.KEEP, max_bytes=MAX_FILE_BYTES
        )
        request.upload_handlers = [handler]  # type: ignore[assignment]
        try:
            response = checked(request, *args, **kwargs)
        except BaseException:
            handler.discard()
            raise
        if response.status_code == FORBIDDEN:
            handler.discard()
        return response

    return csrf_exempt(answer)


@require_GET
@place(*WORK)
def imports(request: Any) -> HttpResponse:
    """Imports of one's own, and where to bring the next file."""
    return render(request, "collection/imports.html", {"imports": queries.imports(request.caller), "steps": _steps()})


@_sealing
@require_POST
@place(*WORK)
def new_import(request: Any) -> HttpResponse:
    """Take a file in: sealed on arrival, read once, its columns matched."""
    upload = request.FILES.get("file")
    try:
        if upload is None:
            raise Invalid(_("请选择一个 CSV 或 XLSX 文件。"), errors=({"field": "file"},))
        run = operations.open_import(request.caller, chunks=(), name="", file=upload.file.id)
    except Invalid as wrong:
        context = {"imports": queries.imports(request.caller), "steps": _steps(), "wrong": wrong}
        return render(request, "collection/imports.html", context, status=422)
    return redirect("collection:import", run=run)


@require_GET
@place(*WORK)
def one_import(request: Any, run: uuid.UUID) -> HttpResponse:
    """The step at which this import stands."""
    return _step(request, queries.view(request.caller, run=run))


def _step(request: Any, view: ImportView, *, wrong: Invalid | None = None, show: str = "") -> HttpResponse:
    show = show or request.GET.get("step", "") or _natural(view.stage)
    context: dict[str, Any] = {"one": view, "wrong": wrong, "errors": _by_field(wrong), "show": show}
    place_no = {"columns": 3, "source": 4, "trial": 5, "run": 6}.get(show, 3)
    context |= {"steps": _steps(), "at": place_no + 1 if view.stage is Stage.DONE else place_no}
    if show == "columns":
        context["attributes"] = queries.attributes()
    elif show == "source":
        context["choices"] = queries.choices(request.caller)
    if show in ("trial", "run"):
        tab = request.GET.get("rows", "refused")
        page = _number(request.GET.get("page", "1"), otherwise=1)
        ready = not view.stage.busy and view.stage is not Stage.DECLARED
        context["notes"] = queries.notes(request.caller, run=view.id, verdict=tab, page=page) if ready else None
        context |= {"tabs": _tabs(view, tab), "page": page, "tab": tab, "words": queries.words(request.caller, view)}
    return render(request, "collection/import.html", context, status=422 if wrong else 200)


def _number(text: str, *, otherwise: int) -> int:
    """A page or column number from an address or form: ASCII digits, small enough for anything that is really there."""
    plain = text.isascii() and text.isdecimal() and len(text) <= 6
    return int(text) or otherwise if plain else otherwise


def _one_more(text: str) -> int:
    """A column's index plus one, 0 for anything that is no index (columns count from 0)."""
    return int(text) + 1 if text.isascii() and text.isdecimal() and len(text) <= 6 else 0


def _natural(stage: Stage) -> str:
    if stage is Stage.OPENED:
        return "columns"
    if stage is Stage.MAPPED:
        return "source"
    return "trial" if stage in (Stage.DECLARED, Stage.TRYING, Stage.TRIED) else "run"


def _by_field(wrong: Invalid | None) -> dict[str, str]:
    return {str(one.get("field", "")): str(one.get("message", "")) for one in wrong.errors} if wrong else {}


def _steps() -> list[str]:
    return [_("上传"), _("识别"), _("对应列"), _("来源与凭证"), _("试运行"), _("导入")]


def _tabs(view: ImportView, tab: str) -> list[dict[str, object]]:
    address = reverse("collection:import", args=[view.id])
    words = (("refused", _("不会写入"), view.counts.left_out), ("known", _("可能重复"), view.counts.known))
    return [
        {"label": word, "url": f"{address}?rows={key}", "is_here": key == tab, "count": f"{count:,}"}
        for key, word, count in words
    ]


@require_POST
@place(*WORK)
def reading(request: Any, run: uuid.UUID) -> HttpResponse:
    """Read the file again with another encoding, delimiter or sheet."""
    chosen = {key: request.POST.get(key, "") for key in ("encoding", "delimiter", "sheet")}
    chosen["delimiter"] = {"tab": "\t"}.get(chosen["delimiter"], chosen["delimiter"])
    try:
        operations.reread(request.caller, run=run, **chosen)
    except Invalid as wrong:
        return _step(request, queries.view(request.caller, run=run), wrong=wrong, show="columns")
    return redirect("collection:import", run=run)


@require_POST
@place(*WORK)
def columns(request: Any, run: uuid.UUID) -> HttpResponse:
    """Say which column is what."""
    mapping = {
        number - 1: value
        for key, value in request.POST.items()
        if key.startswith("column-") and (number := _one_more(key.removeprefix("column-")))
    }
    try:
        operations.map_columns(request.caller, run=run, mapping=mapping)
    except Invalid as wrong:
        return _step(request, queries.view(request.caller, run=run), wrong=wrong, show="columns")
    return redirect(reverse("collection:import", args=[run]) + "?step=source")


@_sealing
@require_POST
@place(*WORK)
def declaration(request: Any, run: uuid.UUID) -> HttpResponse:
    """Say where the file came from; a proof may come along and is sealed like the file."""
    proof = request.FILES.get("proof")
    basis = request.POST.get("basis", "").partition(":")
    try:
        operations.declare(
            request.caller,
            run=run,
            declaration=Declaration(
                source=request.POST.get("source", ""), label=request.POST.get("label", ""),
                purpose=basis[0], basis=basis[2], proof_file=proof.file.id if proof else None,
            ),
        )  # fmt: skip
        operations.dry_run(request.caller, run=run)
    except Invalid as wrong:
        return _step(request, queries.view(request.caller, run=run), wrong=wrong, show="source")
    return redirect("collection:import", run=run)


@require_POST
@place(*WORK)
def trial(request: Any, run: uuid.UUID) -> HttpResponse:
    """Try every row; nothing is written."""
    operations.dry_run(request.caller, run=run)
    return redirect("collection:import", run=run)


@require_POST
@place(*WORK)
def writing(request: Any, run: uuid.UUID) -> HttpResponse:
    """Write the rows, or go on writing."""
    operations.begin(request.caller, run=run, write_known=request.POST.get("write_known") == "1")
    return redirect("collection:import", run=run)


@require_POST
@place(*WORK)
def cancellation(request: Any, run: uuid.UUID) -> HttpResponse:
    """Stop after the rows under way."""
    operations.cancel(request.caller, run=run)
    return redirect("collection:import", run=run)


@require_GET
@place(*WORK)
def progress(request: Any, run: uuid.UUID) -> HttpResponse:
    """The bar alone, asked for every second; when the work is over the page is asked for again."""
    view = queries.view(request.caller, run=run)
    answer = render(request, "collection/progress.html", {"one": view})
    if not view.stage.busy:
        answer["HX-Refresh"] = "true"
    return answer


@require_http_methods(["POST"])
@place(*WORK)
def error_file(request: Any, run: uuid.UUID) -> HttpResponse:
    """Download the rows that were not written, with reasons. A POST, because it opens the sealed file."""
    file = operations.error_file(request.caller, run=run)
    answer = HttpResponse(file.content, content_type=file.media_type)
    answer["Content-Disposition"] = content_disposition_header(True, file.name)
    answer["Cache-Control"] = "no-store"
    return answer


_run = "imports/<uuid:run>"
urlpatterns = [
    path("imports", imports, name="imports"),
    path("collection", imports, name="home"),
    path("imports/new", new_import, name="new-import"),
    path(_run, one_import, name="import"),
    path(f"{_run}/reading", reading, name="reading"),
    path(f"{_run}/columns", columns, name="columns"),
    path(f"{_run}/declaration", declaration, name="declaration"),
    path(f"{_run}/trial", trial, name="trial"),
    path(f"{_run}/writing", writing, name="writing"),
    path(f"{_run}/cancellation", cancellation, name="cancellation"),
    path(f"{_run}/progress", progress, name="progress"),
    path(f"{_run}/error-file", error_file, name="error-file"),
]

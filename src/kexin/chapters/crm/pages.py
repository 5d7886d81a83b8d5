"""Face: the list of customers, the search, the card and its popovers. A view makes one call."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kexin.chapters.crm import forms, operations, queries
from kexin.foundation.ui.place import place
from kexin.foundation.ui.request import ConsoleRequest
from kexin.vault import operations as vault
from kexin.vault.types_views import REVEAL_S, ContactUse

app_name = "crm"

#: Purposes under which people work with customers here; the first that a person's posts allow is taken.
WORK = ("presale", "service", "contract_b2b", "quality", "rights", "legal", "audit")
#: Why a value is looked at: the quick picks of the popover, keys 1 to 4.
PICKS = (
    ("verify", gettext_lazy("核对信息")),
    ("customer_asked", gettext_lazy("客户来电核实")),
    ("delivery", gettext_lazy("安排送货安装")),
    ("correct", gettext_lazy("更正或填写单据")),
)


@require_GET
@place(*WORK)
def customers(request: ConsoleRequest) -> HttpResponse:
    """The list, filtered by facets; the filter stands in the address because facets single nobody out."""
    owns = {"sales", "sales_lead"} & request.principal.roles
    asked = forms.Listing.read(request.GET, usual="own" if owns else "all")
    listing = queries.listing(request.caller, asked)
    return render(request, "crm/customers.html", {"listing": listing, "asked": asked, "tabs": _tabs(asked.view)})


def _tabs(view: str) -> list[dict[str, object]]:
    words = (("own", _("我负责的")), ("team", _("团队的")), ("all", _("全部")))
    address = reverse("crm:customers")
    return [{"label": word, "url": f"{address}?view={key}", "is_here": key == view} for key, word in words]


@require_POST
@place(*WORK)
def search(request: ConsoleRequest) -> HttpResponse:
    """Search by what somebody typed. The term travels in the body and is kept nowhere."""
    term, cursor = request.POST.get("q", ""), request.POST.get("cursor") or None
    found = queries.search(request.caller, term=term, cursor=cursor)
    return render(request, "crm/search.html", {"listing": found, "term": term})


@require_GET
@place(*WORK)
def customer(request: ConsoleRequest, customer: uuid.UUID) -> HttpResponse:
    """The card: key facts left, what happened in the middle, related fragments right."""
    card = queries.card(request.caller, subject=customer)
    template = "crm/deleted.html" if card.gone else "crm/customer.html"
    return render(request, template, {"card": card}, status=410 if card.gone else 200)


@require_http_methods(["GET", "POST"])
@place(*WORK)
def new_customer(request: ConsoleRequest) -> HttpResponse:
    """Enter one customer by hand; every field is one of the catalogue that this purpose may collect."""
    form = forms.NewCustomer(request.caller, request.POST or None)
    if request.method == "POST" and form.is_valid():
        opened = operations.open_customer(
            request.caller,
            values=form.values,
            source=form.source,
            kind=form.kind,
            key=form.key,
        )
        return redirect("crm:customer", customer=opened.id)
    return render(request, "crm/new.html", {"form": form}, status=422 if request.method == "POST" else 200)


@require_GET
@place(*WORK)
def why(request: ConsoleRequest, customer: uuid.UUID, attribute: str) -> HttpResponse:
    """The seven lines behind one value."""
    answer = queries.why(request.caller, subject=customer, attribute=attribute)
    return render(request, "crm/why.html", {"why": answer, "customer": customer})


@require_GET
@place(*WORK)
def reveal_form(request: ConsoleRequest, customer: uuid.UUID, attribute: str) -> HttpResponse:
    """Ask for the reason; nothing is opened yet."""
    asked = queries.reveal_question(request.caller, subject=customer, attribute=attribute)
    picks = [{"value": code, "label": words} for code, words in PICKS]
    return render(request, "crm/reveal.html", {"asked": asked, "picks": picks, "seconds": REVEAL_S})


@require_POST
@place(*WORK)
def reveal(request: ConsoleRequest, customer: uuid.UUID, attribute: str) -> HttpResponse:
    """Open one value for a minute."""
    words = request.POST.get("words", "").strip()
    reason = words or request.POST.get("pick", "")
    shown = vault.reveal(
        request.caller,
        subject=customer,
        attribute=attribute,
        reason=reason,
        signed_in_at=request.signed_in_at,
    )
    label = queries.label(attribute)
    answer = render(request, "crm/revealed.html", {"shown": shown, "seconds": REVEAL_S, "label": label})
    answer["HX-Trigger"] = "kx:close"
    return answer


@require_POST
@place(*WORK)
def contact(request: ConsoleRequest, customer: uuid.UUID, attribute: str) -> HttpResponse:
    """Use a value without seeing it: the answer starts the call or fills the clipboard, once."""
    try:
        use = ContactUse(request.POST.get("use", ""))
    except ValueError:
        raise forms.UnknownUse from None
    handed = vault.contact(request.caller, subject=customer, attribute=attribute, use=use)
    return render(request, "crm/contact.html", {"handed": handed, "customer": customer})


@require_GET
@place(*WORK)
def timeline(request: ConsoleRequest, customer: uuid.UUID) -> HttpResponse:
    """What happened with this customer, newest first."""
    lines = queries.timeline(request.caller, subject=customer)
    return render(request, "crm/timeline.html", {"lines": lines})




_customer = "customers/<uuid:customer>"
urlpatterns = [
    path("customers", customers, name="customers"),
    path("customers/searches", search, name="search"),
    path("customers/new", new_customer, name="new"),
    path(_customer, customer, name="customer"),
    path(f"{_customer}/timeline", timeline, name="timeline"),
    path(f"{_customer}/<slug:attribute>/why", why, name="why"),
    path(f"{_customer}/<slug:attribute>/reveal-form", reveal_form, name="reveal-form"),
    path(f"{_customer}/<slug:attribute>/reveals", reveal, name="reveal"),
    path(f"{_customer}/<slug:attribute>/contacts", contact, name="contact"),
]

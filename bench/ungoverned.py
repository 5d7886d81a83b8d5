"""The view beside the product: Django, one plain table, a bearer token checked by one query. No rules, seals, lines.

Served by granian with the options of the product (see `over_http`); settings in the file, as a minimal project has them.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from django.conf import settings

from bench.house import RAW_SCHEMA
from kexin.site.instance import Instance

_address = Instance().address("main", "web")
settings.configure(
    DEBUG=False,
    SECRET_KEY="not a secret: signs nothing",
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": _address.host, "PORT": str(_address.port), "NAME": _address.name,
            "USER": _address.user, "PASSWORD": _address.password,
            "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"options": f"-c search_path={RAW_SCHEMA}"},
        }
    },
)  # fmt: skip

import django

django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpRequest, JsonResponse
from django.urls import path

FIELDS = ("name", "mobile", "email", "address", "city", "level", "stage")


class Customer(models.Model):
    """One customer in the clear."""

    id = models.UUIDField(primary_key=True)
    number = models.BigIntegerField()
    name = models.TextField()
    mobile = models.TextField()
    email = models.TextField()
    address = models.TextField()
    city = models.TextField()
    level = models.TextField()
    stage = models.TextField()

    class Meta:
        app_label = "bench"
        db_table = "customer"
        managed = False


def _known(request: HttpRequest) -> bool:
    secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with connection.cursor() as cursor:
        cursor.execute("SELECT person FROM token WHERE digest = %s", [hashlib.sha256(secret.encode()).digest()])
        return cursor.fetchone() is not None


def customers(request: HttpRequest) -> JsonResponse:
    """Create one."""
    if not _known(request):
        return JsonResponse({"error": "token"}, status=401)
    given: dict[str, Any] = json.loads(request.body)
    made = uuid.uuid4()
    Customer.objects.create(id=made, number=made.int >> 65, **{key: given["values"].get(key, "") for key in FIELDS})
    return JsonResponse({"id": str(made)}, status=201)


def customer(request: HttpRequest, identity: uuid.UUID) -> JsonResponse:
    """Read one."""
    if not _known(request):
        return JsonResponse({"error": "token"}, status=401)
    row = Customer.objects.filter(id=identity).first()
    if row is None:
        return JsonResponse({"error": "unknown"}, status=404)
    return JsonResponse({"id": str(row.id), **{key: getattr(row, key) for key in FIELDS}})


urlpatterns = [path("customers", customers), path("customers/<uuid:identity>", customer)]
application = get_wsgi_application()

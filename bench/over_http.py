"""Create and read through the API beside a minimal ungoverned view, served the same way, in alternation."""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from bench.figures import Figure, Timed, percentiles
from bench.house import RAW_SCHEMA, Installation
from bench.people import people

CLIENTS = (1, 8)
SECONDS, ROUNDS = 3.0, 3
FIELDS = "name,mobile,email,address,city,level,stage"
#: The goal of the issue: at least half the rate of the view that governs nothing.
GOAL = 0.5


def measure(house: Installation, owned: Sequence[UUID]) -> list[Figure]:
    """Four pairs: create and read, at 1 and at 8 clients."""
    with _view(house) as port, _clients(max(CLIENTS)) as clients:
        ours, view = _orders(house, owned, port)
        figures: list[Figure] = []
        for what in ("read", "create"):
            for count in CLIENTS:
                figures += _pair(clients[:count], what, ours[what], view[what])
        return figures


def _orders(house: Installation, owned: Sequence[UUID], port: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the clients are told: the same work, the same number of different people, the same token."""
    with house.admin() as admin:
        digest = hashlib.sha256(house.token.encode()).digest()
        admin.execute(f"INSERT INTO {RAW_SCHEMA}.token VALUES (%s, %s)", [digest, house.sales.id])
        rows = admin.execute(f"SELECT id FROM {RAW_SCHEMA}.customer ORDER BY random() LIMIT 500").fetchall()
    bodies = [_body(values) for values in people(4_000, seed=99)]
    common = {"token": house.token, "seconds": SECONDS}
    read = {**common, "method": "GET", "expect": 200}
    create = {**common, "method": "POST", "expect": 201}
    ours = {
        "read": {**read, "port": house.port,
                 "paths": [f"/api/v1/customers/{one}?fields={FIELDS}" for one in owned[:500]]},
        "create": {**create, "port": house.port, "path": "/api/v1/customers", "bodies": bodies},
    }  # fmt: skip
    view = {
        "read": {**read, "port": port, "paths": [f"/customers/{row[0]}" for row in rows]},
        "create": {**create, "port": port, "path": "/customers", "bodies": bodies},
    }
    return ours, view


def _body(values: dict[str, str]) -> str:
    kept = {key: values[key] for key in FIELDS.split(",")}
    source = {"source": "form", "basis": "contract_if_asked", "label": "测速"}
    return json.dumps({"values": kept, "source": source}, ensure_ascii=False)


def _pair(
    clients: list[subprocess.Popen[str]], what: str, ours: dict[str, Any], view: dict[str, Any]
) -> list[Figure]:
    _ask(clients, {**ours, "seconds": 1.0})
    _ask(clients, {**view, "seconds": 1.0})
    found = [(_ask(clients, ours), _ask(clients, view)) for _ in range(ROUNDS)]
    rate = statistics.median(one.rate for one, _ in found)
    beside = statistics.median(other.rate for _, other in found)
    p50, p99 = (statistics.median(getattr(one, name) for one, _ in found) for name in ("p50", "p99"))
    view_p50 = statistics.median(other.p50 for _, other in found)
    count = len(clients)
    label = f"{what} through the API, {count} client{'s' if count > 1 else ''}"
    figures = [
        Figure(name=label, value=rate, unit="req/s", better="high", budget=beside * GOAL, raw=beside,
               raw_name="ungoverned view", note=f"p50 {p50:.1f}, p99 {p99:.1f} ms; goal: half the view's rate")
    ]  # fmt: skip
    if what == "read" and count == 1:
        figures += [
            Figure(name="open one record through the API, p50", value=p50, unit="ms", budget=5.0, raw=view_p50,
                   raw_name="ungoverned view"),
            Figure(name="open one record through the API, p99", value=p99, unit="ms", budget=14.0),
        ]  # fmt: skip
    return figures


def _ask(clients: list[subprocess.Popen[str]], order: dict[str, Any]) -> Timed:
    bodies = order.get("bodies")
    began = time.perf_counter()
    for place, one in enumerate(clients):
        # Each client its own people: the same person twice would be a duplicate, which costs the product a search.
        own = {**order, "bodies": bodies[place :: len(clients)]} if bodies else order
        print(json.dumps(own, ensure_ascii=True), file=one.stdin, flush=True)
    answers = [json.loads(one.stdout.readline()) for one in clients]  # type: ignore[union-attr]
    whole = time.perf_counter() - began
    if wrong := sum(answer["wrong"] for answer in answers):
        raise SystemExit(f"{wrong} answers of {order['method']} were not {order['expect']}")
    return percentiles([value for answer in answers for value in answer["spent"]], whole)


@contextmanager
def _clients(count: int) -> Iterator[list[subprocess.Popen[str]]]:
    command = [sys.executable, "-S", "-m", "bench.client"]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    try:
        for one in started:
            one.stdout.readline()  # type: ignore[union-attr]
        yield started
    finally:
        for one in started:
            one.stdin.close()  # type: ignore[union-attr]
            one.wait()


@contextmanager
def _view(house: Installation) -> Iterator[int]:
    """The ungoverned view under the very command line of the product's web, but for application and port."""
    from kexin.site.launcher import Child, children

    port = house.port + 2
    [web] = [child for child in children(house.instance, port=house.port) if child.name == "web"]
    command = [{str(house.port): str(port), "kexin.site.wsgi:application": "bench.ungoverned:application"}.get(part, part)
               for part in web.command]  # fmt: skip
    child = Child("view", command, web.environment)
    child.start()
    try:
        _wait_for(port)
        yield port
    finally:
        child.stop()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/customers/none", timeout=2).close()
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the view beside the product does not answer")

"""One closed-loop client: a keep-alive connection, the next request when the answer is there. Nothing but sockets."""

from __future__ import annotations

import http.client
import json
import sys
import time
import uuid
from typing import Any


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Ask for ``seconds``; answers the times in milliseconds and how many answers were not as expected."""
    connection = http.client.HTTPConnection("127.0.0.1", order["port"], timeout=30)
    headers = {"Authorization": f"Bearer {order['token']}", "Content-Type": "application/json"}
    spent: list[float] = []
    wrong = 0
    paths, bodies = order.get("paths") or [order.get("path", "")], order.get("bodies") or [None]
    end = time.perf_counter() + order["seconds"]
    index = 0
    while time.perf_counter() < end:
        if order["method"] == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        body = bodies[index % len(bodies)]
        began = time.perf_counter()
        data = body.encode() if body else None
        connection.request(order["method"], paths[index % len(paths)], body=data, headers=headers)
        answer = connection.getresponse()
        answer.read()
        spent.append((time.perf_counter() - began) * 1000)
        wrong += answer.status != order["expect"]
        index += 1
    connection.close()
    return {"spent": spent, "wrong": wrong}


def main() -> None:
    """One order per line in, one answer per line out; ends with its input."""
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()

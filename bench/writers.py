"""Some of the 16 writers of the intake: threads with a connection each. Told what to do by lines on standard input."""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid

from bench.house import RAW_SCHEMA

_BUSINESS = f"INSERT INTO {RAW_SCHEMA}.business (id, body) VALUES (%s, %s)"


def _write(evidenced: bool, seconds: float, counts: list[int]) -> None:
    """Business rows, one transaction each, with or without a line of evidence in the same transaction."""
    from django.db import connections, transaction

    from kexin.evidence import operations as evidence
    from kexin.evidence.types import Entry, Event
    from kexin.foundation.caller import Caller
    from kexin.foundation.ids import uuid7

    caller = Caller.for_service("bench", purpose="presale", cause="bench")
    done = 0
    end = time.monotonic() + seconds
    with connections["default"].cursor() as cursor:
        while time.monotonic() < end:
            with transaction.atomic():
                cursor.execute(_BUSINESS, [uuid7(), "invented business row " * 4])
                if evidenced:
                    entry = Entry(
                        event=Event.CUSTOMER_AMENDED, decision="allow", action="write", count=1,
                        rule_ids=("sales-own",), audit_ids=(uuid.uuid4(),),
                    )  # fmt: skip
                    evidence.note(caller, entry)
            done += 1
    connections["default"].close()
    counts.append(done)


def main() -> None:
    """One JSON line in ({threads, seconds, evidence}), one out ({done}); ends with its input."""
    import django

    django.setup()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        counts: list[int] = []
        threads = [
            threading.Thread(target=_write, args=(order["evidence"], order["seconds"], counts))
            for _ in range(order["threads"])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps({"done": sum(counts)}), flush=True)


if __name__ == "__main__":
    main()

"""Tell the demo company to a new installation, through the same verbs that people use."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from kexin.site.demo.company import DEPARTMENTS, SEED, STAFF, caller_of
from kexin.site.words import gettext as _

#: Invented customers in bulk, by act of collection, the newest last; the scripted ones come before them.
BULK = {"legacy": 160, "b2b": 300, "service": 700, "expo": 800}
TOKEN_DAYS = 90


def load(*, instance: Any, say: Callable[[str], None] = lambda line: None) -> None:
    """Load the demo company into this installation unless it is there. Runs in a process of its own, with the rights
    of the web and no more, because the caller may be an administrator."""
    marker = Path(instance.folder) / "cli-token"
    if marker.exists():
        return
    say(_("正在建立演示公司 …"))
    half_told(instance.folder).touch()
    environment = {**os.environ, "KEXIN_HOME": str(instance.folder), "KEXIN_ROLE": "web"}
    for variable in ("DATABASE_URL", "KEYRING_DATABASE_URL"):
        environment.pop(variable, None)
    done = subprocess.run([sys.executable, "-m", "kexin.site.demo"], env=environment, check=False)
    if done.returncode:
        raise RuntimeError(_("演示公司没有建成，原因见上面几行；可以试 `kexin demo-reset`"))
    half_told(instance.folder).unlink(missing_ok=True)
    said = _("演示公司已建好：%(count)d 位虚构客户和演示情节；命令行令牌在 %(marker)s")
    say(said % {"count": sum(BULK.values()), "marker": marker})


def half_told(home: Path) -> Path:
    """The mark that stands while the company is being told. Found at a start, the telling was cut short: half a company
    is never shown, and nothing of it is anybody's work, so that start throws it away and tells it again."""
    return home / "demo-half-told"


def tell(home: Path) -> None:
    """Everything in order. Django is ready and connected as web or worker."""
    from kexin.site.demo import customers

    staff = _staff()
    _rulebook(staff)
    _notice(staff)
    customers.admit_all(staff, random.Random(SEED), BULK)
    _token(staff["SC0021"], home)


def _staff() -> dict[str, uuid.UUID]:
    """工号 -> id. Made by the set-up service, like the first people of any installation."""
    from kexin.foundation.caller import Caller
    from kexin.people import operations as people

    setup = Caller.for_service("setup", cause="demo")
    departments: dict[str, uuid.UUID] = {}
    for order, (name, above) in enumerate(DEPARTMENTS.items()):
        departments[name] = people.create_department(setup, name=name, parent=departments.get(above), order=order)
    staff: dict[str, uuid.UUID] = {}
    for member in STAFF:
        staff[member.staff_no] = people.create_person(
            setup, staff_no=member.staff_no, name=member.name, department=departments[member.department]
        )
        people.assign_role(setup, person=staff[member.staff_no], role=member.role)
        if member.leads:
            people.set_lead(setup, department=departments[member.department], person=staff[member.staff_no])
    return staff


def _rulebook(staff: dict[str, uuid.UUID]) -> None:
    """The retail rulebook: installed, then published again by the officer and signed by the head, as in the pictures."""
    from kexin.foundation.caller import Caller
    from kexin.foundation.clock import now
    from kexin.regime import operations as regime

    source = resources.files("kexin.regime.data").joinpath("retail.yaml").read_bytes()
    regime.install_rulebook(Caller.for_service("setup", cause="demo"), source=source)
    second = source.rstrip(b"\n") + "\n# 青禾家居：经法务核对后由王敏起草、周立群签署。\n".encode()
    officer, head = (caller_of(staff[number], "governance") for number in ("GL0008", "GL0001"))
    seen = regime.assess_now(officer, source=second).digest
    drafted = regime.publish_rulebook(officer, source=second, impact=seen, signed_in_at=now())
    regime.sign_rulebook(head, version=drafted.id, impact=seen, signed_in_at=now())


def _notice(staff: dict[str, uuid.UUID]) -> None:
    from kexin.regime import operations as regime

    folder = resources.files("kexin.site.demo").joinpath("texts")
    texts = {locale: folder.joinpath(f"notice.{locale}.md").read_bytes() for locale in ("zh", "en")}
    regime.publish_notice(caller_of(staff["GL0008"], "governance"), texts=texts)


def _token(steward: uuid.UUID, home: Path) -> None:
    """The steward's token for the shell, readable by its owner alone. Written last: its being there says all is told."""
    from kexin.foundation.caller import Caller
    from kexin.foundation.clock import now
    from kexin.people import operations as people

    made = people.create_token(
        Caller.for_service("setup", cause="demo"), person=steward, label="kexin 命令",
        purposes=("presale", "service", "contract_b2b"), expires_at=now() + timedelta(days=TOKEN_DAYS - 1),
    )  # fmt: skip
    path = home / "cli-token"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(made.secret + "\n")

"""A request of the console as its views get it: the middleware has put the asker on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from kexin.foundation.caller import Caller
from kexin.foundation.ui.place import Standing


class ConsoleRequest(HttpRequest):
    """For annotations only: no object of this class is made. ``principal`` is the floor of people's Principal."""

    caller: Caller
    principal: Any
    #: What decides the purpose wherever this person stands; None for programs.
    standing: Standing | None
    #: When the person last proved who they are in this session; None for programs.
    signed_in_at: datetime | None

"""The shell's language, and its errors in both."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from kexin.site import words
from kexin.site.instance import parse_url

pytestmark = pytest.mark.no_db


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-hans"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"KEXIN_LANG": "zh", "LC_ALL": "en_US.UTF-8"}, "zh-hans"),
    ],
)
def test_the_terminal_decides(variables: dict[str, str], code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEXIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert words.language() == code


@pytest.mark.parametrize("url", ["mysql://a:b@c/d", "kexin", "postgresql://[::1/kexin", "postgresql://a:b@c:port/d", "postgresql://a:b@c/"])
def test_a_wrong_url_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        parse_url(url)
    assert "a:b@" not in str(caught.value)


@pytest.mark.parametrize(("language", "said"), [("en", "does not name a database"), ("zh", "没有写数据库名")])
def test_an_error_speaks_the_language_of_the_shell(language: str, said: str, tmp_path: Path) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KEXIN_", "DJANGO_"))}
    wrong = {"DATABASE_URL": "postgresql://boss:pw@localhost:1", "KEYRING_DATABASE_URL": "postgresql://boss:pw@localhost:1"}
    done = subprocess.run(
        [sys.executable, "-m", "kexin.site.cli", "evidence", "verify"], capture_output=True, text=True, check=False,
        env={**kept, **wrong, "KEXIN_HOME": str(_home(tmp_path)), "KEXIN_LANG": language},
    )  # fmt: skip
    assert done.returncode == 1 and said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and "pw" not in done.stderr


def _home(folder: Path) -> Path:
    from kexin.site.instance import Instance

    Instance(folder / "home").create(embedded=False)
    return folder / "home"

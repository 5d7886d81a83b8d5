"""Chromium, Chinese fonts and a word processor for the journeys, by the system's package manager, when missing and permitted.

The word processor (LibreOffice's writer without windows) opens the formal document as people's own would.

Never fails: the journeys themselves say in one sentence what they miss.
"""

from __future__ import annotations

import os
import shutil
import subprocess

PACKAGES = ("chromium", "fonts-noto-cjk", "libreoffice-writer-nogui")


def missing() -> list[str]:
    """Packages without which a page cannot be seen as people see it."""
    wanted = []
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        wanted.append("chromium")
    fonts = subprocess.run(["find", "/usr/share/fonts", "-name", "NotoSansCJK*"], capture_output=True, text=True, check=False)
    if not fonts.stdout.strip():
        wanted.append("fonts-noto-cjk")
    if not (shutil.which("soffice") or shutil.which("libreoffice")):
        wanted.append("libreoffice-writer-nogui")
    return wanted


def main() -> None:
    """Install what is missing where we may."""
    wanted = missing() if os.environ.get("KEXIN_NO_BROWSER") != "1" else []
    if not wanted:
        return
    apt = shutil.which("apt-get")
    prefix: list[str] | None = [] if os.geteuid() == 0 else None
    if prefix is None and shutil.which("sudo"):
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        prefix = ["sudo", "-n"] if asked.returncode == 0 else None
    if apt is None or prefix is None:
        print(f"missing for the browser journeys: {' '.join(wanted)} (install them, or set KEXIN_NO_BROWSER=1)")
        return
    print(f"installing {' '.join(wanted)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*prefix, apt, "-qq", "update"], env=environment, check=False, stdout=subprocess.DEVNULL)
    install = [*prefix, apt, "-qq", "-y", "--no-install-recommends", "install", *wanted]
    subprocess.run(install, env=environment, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()

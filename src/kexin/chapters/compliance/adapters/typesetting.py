"""The child process that sets one document with Typst. It gets JSON on its standard input and answers with the PDF.

A process of its own, because Typst keeps what it has set for the next time: ninety megabytes for each document, which a
web process would never get back. Stands alone: started by `pdf.py` as a file, it imports nothing of this house.
"""

import json
import resource
import sys

NO_FONTS, NO_TYPST = 3, 4
#: Address space and seconds of processor time; the largest document that a page sets needs a tenth of either.
MEMORY_BYTES, CPU_S = 6 << 30, 60
#: Families with Chinese characters, the best first; a host has some of them.
SERIF = ("Noto Serif CJK SC", "Source Han Serif SC", "Source Han Serif CN", "Songti SC", "SimSun", "AR PL SungtiL GB")
SANS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC", "SimHei", "Microsoft YaHei",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
)  # fmt: skip
#: Rarer characters (extensions B and later) stand in these.
RARE = ("HanaMinB", "SimSun-ExtB", "Noto Serif CJK TC", "Noto Sans CJK TC", "Noto Serif CJK JP", "Noto Serif CJK HK")


def chosen(families: frozenset[str]) -> dict[str, list[str]] | None:
    """Fonts for text and for headings; where the host has one kind only, it serves for both; None without any."""
    serif = [name for name in SERIF if name in families]
    sans = [name for name in SANS if name in families]
    if not serif and not sans:
        return None
    rare = [name for name in RARE if name in families]
    return {"body": [*(serif or sans)[:1], *rare], "head": [*(sans or serif)[:1], *rare]}


def main() -> int:
    """Limit oneself, read, set, answer."""
    for what, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    try:
        import typst
    except ImportError:
        return NO_TYPST
    asked = json.load(sys.stdin.buffer)
    fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)
    found = chosen(frozenset(fonts.families()))
    if found is None:
        return NO_FONTS
    told = json.dumps({**asked["document"], "fonts": found}, ensure_ascii=False)
    compiler = typst.Compiler(asked["template"].encode(), font_paths=fonts)
    made = compiler.compile(format="pdf", sys_inputs={"document": told}, pdf_standards=["a-2b"])
    assert isinstance(made, bytes)  # a list stands for pictures alone
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())

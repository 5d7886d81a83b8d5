"""``python -m kexin.site.demo``: the process that tells the demo company; started by `loading.load`."""

from __future__ import annotations

from kexin.site import shell
from kexin.site.instance import Instance


def main() -> None:
    shell.ready("web")
    from kexin.site.demo import loading

    loading.tell(Instance().folder)


main()

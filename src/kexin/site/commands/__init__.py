"""The shell's faces, one module per room.

A module has ``app`` (a `kexin.site.help.App`; its commands become `kexin MODULE …`) or ``mount(root)``, which adds what it
likes to the root (`kexin import`, `kexin witness`). Every command takes ``--json``: see `kexin.site.shell`. Its ``help=_("…")``
and that of its options stand in Chinese, with the English in `site/locale`; a test walks every line in both.
"""

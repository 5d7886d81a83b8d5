"""The shell's faces, one module per room.

A module has ``app`` (a typer.Typer; its commands become `kexin MODULE …`) or ``mount(root)``, which adds what it
likes to the root (`kexin import`, `kexin witness`). Every command takes ``--json``: see `kexin.site.shell`.
"""

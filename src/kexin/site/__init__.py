"""Floor 7: the one room that knows every other room: settings, addresses, set-up, and the `kexin` command."""

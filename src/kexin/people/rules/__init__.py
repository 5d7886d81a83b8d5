"""Pure decisions of this room: no framework, no I/O."""

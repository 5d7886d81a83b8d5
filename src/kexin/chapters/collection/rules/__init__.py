"""Pure decisions of collection: no framework, no I/O."""

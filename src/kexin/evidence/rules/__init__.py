"""Pure arithmetic of the ledger: hashes, proofs, notes, bodies. No framework, no I/O, no clock."""

"""Floor 1: the ledger. Append-only, Merkle, signed, witnessed; every signature of the product is made here."""

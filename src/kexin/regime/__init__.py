"""Floor 3: the rulebook and the decision; consents, notices, grants; the register of holdings."""

"""Chapter 9, 法律合规: the rulebook as people read, draft and sign it. It may never ask the vault for anything."""

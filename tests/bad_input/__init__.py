"""reliability.md §6 against the whole house: hostile text, addresses, forms and callers; never a 500, nothing half-done."""

"""Template filters of this chapter."""

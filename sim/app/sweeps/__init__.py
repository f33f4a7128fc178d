"""A sweep as a whole: its points, what became of them, and all their tables joined."""

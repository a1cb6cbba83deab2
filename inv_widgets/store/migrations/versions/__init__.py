"""One module a revision. They say what was true when they were written, and import nothing of the package."""

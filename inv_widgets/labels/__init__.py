"""What people's words have in common. Pure: no store, no files, and neither torch nor scikit-learn."""

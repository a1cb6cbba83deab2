"""What people's words mean: from typed labels to labelled cluster maps. Knows no store, torch or scikit-learn."""

"""What stands in a notebook's output: thin classes of traits and commands. ``static/NAME.js`` draws the views."""

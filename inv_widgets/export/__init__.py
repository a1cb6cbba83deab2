"""Explanations outside a notebook: the front end's payload, figures, pages, tables. No torch, no browser."""

"""Explanations outside a notebook: the front end's payload, figures, pages, tables. Neither torch nor a browser is needed."""

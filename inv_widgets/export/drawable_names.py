"""Names as charts can draw them."""

__all__ = ["drawable"]

_WORD_JOINER = "\N{WORD JOINER}"


def drawable(name: str) -> str:
    """Give a name that Vega can draw: it looks the same.

    Vega keeps what it draws in plain JavaScript objects, by its name. All names can be keys there but ``__proto__``:
    it gets an invisible character at its end. The front end does the same (``js/src/global_chart/drawable.ts``).
    """
    return f"{name}{_WORD_JOINER}" if name == "__proto__" else name

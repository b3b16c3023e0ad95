"""Numbers as sentences print them."""

from __future__ import annotations


def format_p(p: float) -> str:
    """A p value as printed: ".018", "< .001"."""
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def equation_of(p: float) -> str:
    """A p value with its letter: "p = .018", "p < .001"."""
    return f"p {format_p(p)}" if p < 0.001 else f"p = {format_p(p)}"


def level(alpha: float) -> str:
    """A level as printed: ".05"."""
    return f"{alpha:g}".removeprefix("0")

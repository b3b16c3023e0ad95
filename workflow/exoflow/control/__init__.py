"""Reflex law and exo laws: compiled, arrays in, arrays out."""

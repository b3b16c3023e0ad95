"""Exports of metabolic carts, read into `Recording`.

`read_cart` is the only entrance. It opens a file by its bytes (`opening`), finds the table of
breaths (`table`), asks every make of cart whether it is theirs (`detect`), turns cells into
arrays (`samples`) and refuses what contradicts itself (`checks`). A new cart is a file here with
a `FAMILY`, and its entry in `detect.FAMILIES`.
"""

from exoflow.trial.carts.reading import read_cart

__all__ = ["read_cart"]

"""Muscle, activation and metabolic models: compiled, scalars and arrays in, numbers out."""

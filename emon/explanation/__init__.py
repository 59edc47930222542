"""Explanations: a breach as one file from which its verdict can be recomputed, and the recomputing.

``case`` holds the inputs and judges them with the engine's own step; ``select`` finds the inputs of a
breach in what was replayed or stored; ``trace`` says what each fix showed; ``document`` writes the
file, ``read`` reads it back, ``verify`` compares. Format: docs/explanation.md.
"""

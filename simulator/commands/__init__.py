"""The commands of ``emon-sim``, one a file: ``register`` adds its parser, ``run`` does the work."""

"""Numbered forward migrations, as SQL files; ``emon.store.migrate`` applies them in order.

``NNNN_name.sql`` runs everywhere; ``NNNN_name.native.sql`` and ``NNNN_name.hypertable.sql`` are the
two forms of one step, of which a database gets the one that fits it. Applied files never change.
"""

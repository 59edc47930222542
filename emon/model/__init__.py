"""The vocabulary: frozen data and the names of the field (no behaviour, no I/O).

Instants inside the engine are ``int`` microseconds since 1970-01-01T00:00Z with the suffix
``_us`` (invariant 10 of the design: no float is compared with an instant). They become aware UTC
``datetime`` only at the edges: SQL, JSON and pages.
"""

"""The quiet path: fixes that change nothing that anybody is told, judged together (docs/adr/0028)."""

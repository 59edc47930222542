"""Feedback to the field: what people closed alerts with, as precision and load (docs/feedback.md).

Pure: rows of the database in, a report out. It proposes, and silences nothing by itself.
"""

"""The geofence beside its rivals: each row of ``benchmarks/REPORT.md`` from one run.

    make bench                            # some ten minutes, writes REPORT.md and its charts
    make bench ARGS="geofence --quick"    # every row in half a minute, small: that it works, not how fast

``zones.py`` and ``movement.py`` make what is asked, ``rivals_*.py`` are the others as well as we can
write them, ``rows_*.py`` measure, ``report.py`` and ``chart.py`` write down. ``run.py`` is the order.
"""

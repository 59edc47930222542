"""Whether a fix shows the end of a breach, as SQL: of the wearer's device, of a contact of either.

A breach that a fix ends has that fix's instant as its end; one that the clock or an order ends has another.
The protected person's device is named by the condition, in the version by which the breach was judged.
"""

from __future__ import annotations

ENDED_BY_FIX = """
(EXISTS (SELECT FROM fix AS f WHERE f.device = b.device AND f.fixed_at = b.closed_at)
 OR (b.kind = 'contact' AND EXISTS (
     SELECT FROM order_version AS v,
         jsonb_array_elements(convert_from(v.source, 'UTF8')::jsonb -> 'conditions') AS c,
         fix AS f
     WHERE v.id = b.order_id AND v.version = b.version AND c ->> 'id' = b.condition_id
       AND f.device = c ->> 'victim_device' AND f.fixed_at = b.closed_at)))
"""
"""Of the row ``b`` of ``breach``, which has ended."""

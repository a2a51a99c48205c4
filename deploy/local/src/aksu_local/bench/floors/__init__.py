"""The floors: the same answers by a bare handler, and by the handler a textbook would write.

A process of its own serves both, over the registry's database, as a role that sees all rows: no floor pays for
row-level security, tokens, idempotency (the textbook's write excepted), limits or logs.
"""

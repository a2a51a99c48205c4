"""What everything else stands on: clock, errors, strict JSON, terms, machines, territory, code lists.

It knows no database, no bus and no web.
"""

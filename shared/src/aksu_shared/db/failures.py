"""What a database that is away, restarting or refusing looks like from here."""

from typing import Final

import asyncpg

FAILURES: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # A statement sent while the server's farewell is being read: neither of the two above in asyncpg's hierarchy.
    asyncpg.InternalClientError,
)
"""Every class of failure of a statement; code that must outlive the database catches all of them."""

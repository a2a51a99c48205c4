"""What every feature's service is built on, as in `ApplicationService(context)`."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Self

from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.pseudonym import Pseudonyms
from aksu_shared.db.work import UnitOfWork
from aksu_shared.kernel.terms import Terms, load_terms
from aksu_shared.privacy.keys import NO_KEYS, KeyRing


@cache
def legal_terms() -> Terms:
    """The legal terms of this installation, read once."""
    return load_terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One unit of work, the table of rights, the legal terms, and the keys of personal data.

    The worker opens no personal data, so its context has no keys; it meets no token, so it has no pseudonyms.
    """

    work: UnitOfWork
    rights: Rights
    terms: Terms
    keys: KeyRing = NO_KEYS
    pseudonyms: Pseudonyms | None = None

    @classmethod
    def of(cls, work: UnitOfWork) -> Self:
        """The context of a handler in the worker: the platform's rights and terms, no keys."""
        return cls(work=work, rights=Rights.load(), terms=legal_terms())

    @property
    def today(self) -> date:
        """The legal day."""
        return self.work.clock.today()

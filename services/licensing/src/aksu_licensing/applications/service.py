"""Applications: filing them, what their steps look up, and their legal terms."""

from datetime import date
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_licensing.applications.errors import ApplicationDecided, ApplicationOpen, LicenceNotRequired
from aksu_licensing.applications.machine import APPLICATION_MACHINE
from aksu_licensing.applications.rules import DECISION, OPEN_GROUPS, WARNING, application_scope, whose
from aksu_licensing.applications.schemas import NewApplication
from aksu_licensing.applications.store import ApplicationStore
from aksu_licensing.conditions.rules import OFFICER, Finding
from aksu_licensing.conditions.schemas import Assessment
from aksu_licensing.conditions.service import ConditionService
from aksu_licensing.counters.store import CounterStore
from aksu_licensing.licences.errors import LicenceExists, ServiceClosed
from aksu_licensing.licences.rules import GRANTS
from aksu_licensing.licences.service import LicenceService
from aksu_licensing.registry_copies.schemas import KnownService
from aksu_licensing.registry_copies.store import KnownStore
from aksu_shared.auth.principal import Principal
from aksu_shared.db.deadlines import Deadline, schedule
from aksu_shared.db.store import Kept, begins
from aksu_shared.events.licensing.applications import (
    ApplicationFiled,
    ApplicationState,
    ApplicationTermApproaching,
    ApplicationTermPassed,
)
from aksu_shared.events.licensing.conditions import ConditionsState
from aksu_shared.kernel.clock import end_of, start_of
from aksu_shared.kernel.codelists import ADMINISTRATIVE_SERVICES
from aksu_shared.kernel.days import happened_on
from aksu_shared.procedures.context import Context

TERM_APPROACHING: Final = "application_term_approaching"
TERM_PASSED: Final = "application_term_passed"
"""Kinds of deadlines; their revision is the application's `term_revision`."""


class ApplicationService:
    """Files applications and follows their terms; their steps are in `steps`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = ApplicationStore(context.work)
        self._known = KnownStore(context.work)
        self._counters = CounterStore(context.work)
        self._licences = LicenceService(context)
        self.conditions = ConditionService(context)

    async def file(self, new: NewApplication, *, by: Principal) -> Kept[ApplicationState]:
        """File an application of the provider that runs the service.

        Raises ServiceNotKnown, Forbidden, ApplicationOpen, DayInFuture; for a new licence ServiceClosed,
        LicenceNotRequired, LicenceExists; else NoLicence, IllegalTransition, RenewalTooEarly.
        """
        service = await self._known.service(new.service_id)
        state = self._filed(new, service)
        self.context.rights.check(
            by, "licensing.application.file", territory=service.municipality, owner=state.provider_body
        )
        fate = GRANTS[new.procedure].fate
        if fate is None:
            await self._check_licensable(service, state)
        else:
            held = await self._licences.held(state, fate=fate)
            state = state.model_copy(update={"held_licence_id": held.state.id})
        await self._check_no_other(state)
        scope = application_scope(state.provider_body, state.responsible_body)
        return self.store.save(begins(ApplicationFiled, state, id=str(state.id), scope=scope, reason=new.request))

    async def undecided(self, application_id: UUID, *, right: str, by: Principal) -> Kept[ApplicationState]:
        """An application to which `by` may still attach something, its row locked.

        Raises NotFound, Forbidden, ApplicationDecided.
        """
        application = await self.store.get(application_id)
        self.context.rights.check(by, right, **whose(application.state))
        if application.state.state_group not in OPEN_GROUPS:
            raise ApplicationDecided(state=application.state.state)
        return application

    async def assess(self, application_id: UUID, said: Assessment, *, by: Principal) -> Kept[ConditionsState]:
        """Keep what an officer found of the conditions of an application that is not decided.

        Raises NotFound, Forbidden, ApplicationDecided, ConditionNotRequired, ConditionEstablished.
        """
        application = await self.undecided(application_id, right="licensing.conditions.assess", by=by)
        findings = {
            each.condition: Finding(
                result=each.result, source=OFFICER, reason=each.reason, by=by.subject, on=self.context.today
            )
            for each in said.assessments
        }
        return await self.conditions.record(application.state, findings)

    async def incoming_number(self, procedure: str) -> str:
        """`ВХ-<service no>-<sequence>/<dd.mm.yyyy>`, one sequence without gaps, of the day it is given [assumption].

        The day is not that of receipt: numbers and their days rise together, whatever is said of the receipt.
        """
        sequence = await self._counters.next("incoming")
        return f"ВХ-{ADMINISTRATIVE_SERVICES[procedure]}-{sequence}/{self.context.today:%d.%m.%Y}"

    async def take_order(self, number: str, *, day: date) -> None:
        """Let this decision alone have its order's number. Raises OrderNumberTaken."""
        await self._counters.take_order(number, day=day)

    async def check_reopened(self, state: ApplicationState) -> None:
        """Raise ApplicationOpen when the provider has applied anew meanwhile; ServiceNotKnown."""
        await self._known.service(state.service_id)
        await self._check_no_other(state)

    async def schedule_term(self, state: ApplicationState) -> None:
        """Write the deadlines of the term that runs now; those of former revisions lapse."""
        await schedule(await self.context.work.begin(), self._deadlines(state))

    async def term_approaching(self, application_id: UUID, *, revision: int) -> None:
        """Tell that the term of this revision is about to end; one of a former revision has lapsed."""
        kept = await self.store.get(application_id)
        if kept.state.term_revision == revision and kept.state.term_state == "RUNNING":
            self.store.save(
                kept.becomes(ApplicationTermApproaching, term_state="APPROACHING", legal_basis=kept.state.term_basis)
            )

    async def term_passed(self, application_id: UUID, *, revision: int) -> None:
        """Tell that the last day of the term of this revision has passed."""
        kept = await self.store.get(application_id)
        if kept.state.term_revision == revision and kept.state.term is not None:
            self.store.save(kept.becomes(ApplicationTermPassed, term_state="PASSED", legal_basis=kept.state.term_basis))

    def _filed(self, new: NewApplication, service: KnownService) -> ApplicationState:
        runs = service.runner
        return ApplicationState(
            id=uuid7(),
            procedure=new.procedure,
            state=APPLICATION_MACHINE.leads(APPLICATION_MACHINE.initial, "submit").target,
            service_id=service.id,
            service_name=service.name,
            provider_id=runs.id,
            provider_body=runs.body,
            provider_name=runs.name,
            responsible_body=service.provider_body if service.operator_id else None,
            place_id=service.place_id,
            municipality=service.municipality,
            settlement=service.settlement,
            address=service.address,
            filed_on=self.context.today,
            changed_on=new.changed_on,
            late=self._is_late(new),
            request=new.request,
        )

    def _is_late(self, new: NewApplication) -> bool:
        """Whether a change is notified after its term: accepted all the same, and marked."""
        if new.changed_on is None:
            return False
        today = self.context.today
        changed_on = happened_on(new.changed_on, today=today, not_before=None)
        return today > self.context.terms.deadline("licensing.change_notice", changed_on)

    async def _check_licensable(self, service: KnownService, state: ApplicationState) -> None:
        if service.state == "CLOSED":
            raise ServiceClosed
        provider = await self._known.provider(state.provider_id)
        # The service says what held when it was entered; the provider's legal form may have been confirmed since.
        needed = provider.licence_required if provider else service.licence_required
        if not needed:
            raise LicenceNotRequired(provider=state.provider_name)
        live = await self._licences.live(state)
        if live is not None:
            raise LicenceExists(number=live.number, valid_until=live.valid_until.isoformat())

    async def _check_no_other(self, state: ApplicationState) -> None:
        other = await self.store.open(provider=state.provider_id, service=state.service_id)
        if other is not None:
            raise ApplicationOpen(application_id=other.id)

    def _deadlines(self, state: ApplicationState) -> list[Deadline]:
        if state.term is None or state.term_due is None:
            return []
        due_at = {TERM_PASSED: end_of(state.term_due)}
        if state.term == DECISION:
            due_at[TERM_APPROACHING] = start_of(self.context.terms.window_start(WARNING, state.term_due))
        return [
            Deadline(term=state.term, subject=str(state.id), revision=state.term_revision, kind=kind, due_at=at)
            for kind, at in due_at.items()
        ]

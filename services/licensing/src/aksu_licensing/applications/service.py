"""Applications: filing them, and every step of their procedure, driven by the table of transitions."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from aksu_licensing.domain.application import BY_NAME, DECISION, WARNING, offered
from aksu_licensing.domain.machines import APPLICATION
from aksu_licensing.domain.procedures import PROCEDURES
from aksu_licensing.errors import ApplicationOpen, LicenceExists, LicenceNotRequired, ServiceClosed
from aksu_licensing.schemas import NewApplication
from aksu_licensing.services.licences import LicenceService
from aksu_licensing.services.steps import STEPS, Case
from aksu_licensing.storage import ApplicationStore, CounterStore, KnownService, KnownStore
from aksu_shared.auth.permissions import Rights
from aksu_shared.auth.principal import Principal
from aksu_shared.clock import end_of, start_of
from aksu_shared.codelists import ADMINISTRATIVE_SERVICES, LICENCE_REQUIRED
from aksu_shared.db.deadlines import Deadline, schedule
from aksu_shared.db.store import Kept, begins
from aksu_shared.db.work import UnitOfWork
from aksu_shared.events import Scope
from aksu_shared.events.licensing import (
    ApplicationFiled,
    ApplicationState,
    ApplicationTermApproaching,
    ApplicationTermPassed,
)
from aksu_shared.schemas.base import Command
from aksu_shared.terms import Terms
from aksu_shared.terms.steps import DayInFuture, fire, words

TERM_APPROACHING = "application_term_approaching"
TERM_PASSED = "application_term_passed"
"""Kinds of deadlines; their revision is the application's `term_revision`."""

SUBMIT = BY_NAME["submit"]


def application_scope(provider_body: str, responsible_body: str | None) -> Scope:
    """The Agency, the applicant, and the municipality that assigned the service: nobody else, not even by territory.

    These are the callers that hold `licensing.application.read`; so the change feed shows no more than the list.
    """
    return tuple(f"b:{body}" for body in ("AKSU", provider_body, responsible_body) if body)


class ApplicationService:
    """Files applications and moves them on."""

    def __init__(
        self,
        *,
        work: UnitOfWork,
        applications: ApplicationStore,
        known: KnownStore,
        counters: CounterStore,
        licences: LicenceService,
        rights: Rights,
        terms: Terms,
    ) -> None:
        self._work = work
        self._applications = applications
        self._known = known
        self._counters = counters
        self._licences = licences
        self._rights = rights
        self._terms = terms

    async def file(self, new: NewApplication, *, by: Principal) -> Kept[ApplicationState]:
        """File an application of the provider that runs the service.

        Raises ServiceNotKnown, Forbidden, ApplicationOpen; for a new licence ServiceClosed, LicenceNotRequired,
        LicenceExists; else NoLicence, IllegalTransition, RenewalTooEarly.
        """
        service = await self._known.service(new.service_id)
        state = self._filed(new, service)
        self._rights.check(by, "licensing.application.file", territory=service.municipality, owner=state.provider_body)
        fate = PROCEDURES[new.procedure].fate
        if fate is None:
            await self._check_licensable(service, state)
        else:
            held = await self._licences.held(state, fate=fate)
            state = state.model_copy(update={"held_licence_id": held.state.id})
        await self._check_no_other(state)
        scope = application_scope(state.provider_body, state.responsible_body)
        return self._applications.save(
            begins(ApplicationFiled, state, id=str(state.id), scope=scope, reason=new.request)
        )

    async def act(
        self, application_id: UUID, name: str, body: Command, *, version: int | None, by: Principal
    ) -> Kept[ApplicationState]:
        """Fire the transition `name`.

        Raises NotFound, PreconditionFailed, Forbidden, IllegalTransition, SamePerson and what the step refuses.
        """
        kept = await self._applications.get(application_id)
        kept.expect(version)
        state = kept.state
        self._rights.check(by, BY_NAME[name].action, **whose(state))
        transition = fire(APPLICATION, state.state, name)
        if transition.four_eyes and state.proposed_by:
            transition.check_actor(by.subject, done_by={transition.four_eyes: state.proposed_by})
        step = STEPS[name]
        case = Case(state=state, today=self._work.clock.today(), terms=self._terms, actor=by.subject)
        changes = step.effect(case, body)
        changes |= await self._consequences(name, state.model_copy(update=changes))
        said = words(body)
        event = kept.becomes(
            step.fact,
            reason=said,
            legal_basis=transition.legal_basis,
            **changes | {"state": transition.target} | ({"note": said} if said else {}),
        )
        saved = self._applications.save(event)
        if saved.state.term_revision != state.term_revision:
            await schedule(await self._work.begin(), self._deadlines(saved.state))
        return saved

    def actions(self, state: ApplicationState, *, by: Principal) -> list[str]:
        """The verbs `by` may use on the application now."""
        return offered(
            state,
            lambda right: self._rights.allows(by, right, **whose(state)),
            actor=by.subject,
            today=self._work.clock.today(),
        )

    async def term_approaching(self, application_id: UUID, *, revision: int) -> None:
        """Tell that the term of this revision is about to end; one of a former revision has lapsed."""
        kept = await self._applications.get(application_id)
        if kept.state.term_revision == revision and kept.state.term_state == "RUNNING":
            self._applications.save(
                kept.becomes(ApplicationTermApproaching, term_state="APPROACHING", legal_basis=kept.state.term_basis)
            )

    async def term_passed(self, application_id: UUID, *, revision: int) -> None:
        """Tell that the last day of the term of this revision has passed."""
        kept = await self._applications.get(application_id)
        if kept.state.term_revision == revision and kept.state.term is not None:
            self._applications.save(
                kept.becomes(ApplicationTermPassed, term_state="PASSED", legal_basis=kept.state.term_basis)
            )

    def _filed(self, new: NewApplication, service: KnownService) -> ApplicationState:
        runs = service.runner
        return ApplicationState(
            id=uuid7(),
            procedure=new.procedure,
            state=APPLICATION.fire(APPLICATION.initial, SUBMIT.name).target,
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
            filed_on=self._work.clock.today(),
            changed_on=new.changed_on,
            late=self._is_late(new),
            request=new.request,
        )

    def _is_late(self, new: NewApplication) -> bool:
        """Whether a change is notified after its term: accepted all the same, and marked."""
        if new.changed_on is None:
            return False
        today = self._work.clock.today()
        if new.changed_on > today:
            raise DayInFuture(day=new.changed_on.isoformat(), today=today.isoformat())
        return today > self._terms.deadline("licensing.change_notice", new.changed_on)

    async def _check_licensable(self, service: KnownService, state: ApplicationState) -> None:
        if service.state == "CLOSED":
            raise ServiceClosed
        provider = await self._known.provider(state.provider_id)
        # The service says what held when it was entered; the provider's legal form may have been corrected since.
        needed = LICENCE_REQUIRED[provider.legal_form] if provider else service.licence_required
        if not needed:
            raise LicenceNotRequired(provider=state.provider_name)
        live = await self._licences.live(state)
        if live is not None:
            raise LicenceExists(number=live.number, valid_until=live.valid_until.isoformat())

    async def _check_no_other(self, state: ApplicationState) -> None:
        other = await self._applications.open(provider=state.provider_id, service=state.service_id)
        if other is not None:
            raise ApplicationOpen(application_id=other.id)

    async def _consequences(self, name: str, state: ApplicationState) -> dict[str, Any]:
        """What a step brings about beyond the application; gives the fields that come of it."""
        if name == "register":
            return {"incoming_number": await self._incoming_number(state)}
        if name == "grant":
            return {"licence_id": await self._licences.decide(state)}
        if name == "notify" and state.licence_id and state.notified_on:
            await self._licences.communicate(state.licence_id, on=state.notified_on)
        if name == "reopen":
            await self._known.service(state.service_id)
            await self._check_no_other(state)
        return {}

    async def _incoming_number(self, state: ApplicationState) -> str:
        """`ВХ-<service no>-<sequence>/<dd.mm.yyyy>`, one sequence without gaps [assumption]."""
        sequence = await self._counters.next("incoming")
        return f"ВХ-{ADMINISTRATIVE_SERVICES[state.procedure]}-{sequence}/{state.received_on:%d.%m.%Y}"

    def _deadlines(self, state: ApplicationState) -> list[Deadline]:
        if state.term is None or state.term_due is None:
            return []
        due_at = {TERM_PASSED: end_of(state.term_due)}
        if state.term == DECISION:
            due_at[TERM_APPROACHING] = start_of(self._terms.window_start(WARNING, state.term_due))
        return [
            Deadline(term=state.term, subject=str(state.id), revision=state.term_revision, kind=kind, due_at=at)
            for kind, at in due_at.items()
        ]


def whose(state: ApplicationState) -> Mapping[str, Any]:
    """The application as an object of rights."""
    parties = (state.responsible_body,) if state.responsible_body else ()
    return {"territory": state.municipality, "owner": state.provider_body, "parties": parties}

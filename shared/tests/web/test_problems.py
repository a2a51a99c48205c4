"""How failures become problems, in two languages, and how they are documented."""

import json
from typing import Any

import asyncpg
import pytest
import sqlalchemy.exc
from pydantic import ValidationError
from pydantic_core._pydantic_core import list_all_errors
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from aksu_shared.kernel.errors import IllegalTransition, NotFound, Problem, RuleBroken, TooLarge, Unavailable
from aksu_shared.kernel.schemas.base import BadValue, Body
from aksu_shared.serving.language import language_of
from aksu_shared.serving.messages import SENTENCES, malformed, pointer
from aksu_shared.serving.problems import classes_of, merged, problem_of, problems, published, render_problem


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "bg"),
        ("", "bg"),
        ("en", "en"),
        ("en-GB", "en"),
        ("EN", "en"),
        ("bg,en", "bg"),
        ("en,bg", "en"),
        ("en;q=0.5,bg;q=0.9", "bg"),
        ("bg;q=0.1, en;q=0.2", "en"),
        ("de, fr;q=0.9", "bg"),
        ("de, en;q=0.1", "en"),
        ("en;q=0", "bg"),
        ("en;q=x", "bg"),
        ("*", "bg"),
    ],
)
def test_the_language_is_the_better_rated_of_two(header: str | None, language: str) -> None:
    assert language_of(header) == language


def state_error(state: str) -> Exception:
    class Refused(Exception):
        sqlstate = state

    return sqlalchemy.exc.DBAPIError("SELECT 1", None, Refused())


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.QueryCanceledError("statement timeout"),
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.TooManyConnectionsError("full"),
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.LockNotAvailableError("locked"),
        asyncpg.CannotConnectNowError("starting"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InterfaceError("pool is closing"),
        sqlalchemy.exc.TimeoutError("QueuePool limit"),
        state_error("57014"),
        state_error("08006"),
        TimeoutError(),
        ConnectionResetError(),
    ],
    ids=lambda error: f"{type(error).__name__}",
)
def test_infrastructure_that_gave_out_is_unavailable_and_logged(error: Exception) -> None:
    with capture_logs() as logs:
        problem = problem_of(error)
    assert isinstance(problem, Unavailable)
    assert problem.headers == {"Retry-After": "1"}
    assert [line["log_level"] for line in logs] == ["warning"]


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError("duplicate"),
        asyncpg.UndefinedTableError("no table"),
        asyncpg.InterfaceError("the server expects 1 argument"),
        state_error("23505"),
        KeyError("x"),
        FileNotFoundError("x"),
    ],
    ids=lambda error: f"{type(error).__name__}",
)
def test_everything_else_is_our_fault_and_logged_as_an_error(error: Exception) -> None:
    with capture_logs() as logs:
        problem = problem_of(error)
    assert (type(problem), problem.status) == (Problem, 500)
    assert [line["log_level"] for line in logs] == ["error"]


def test_a_problem_wrapped_by_the_framework_comes_out() -> None:
    error = HTTPException(400, "There was an error parsing the body")
    error.__cause__ = TooLarge(limit=5)
    assert problem_of(error) is error.__cause__


def test_a_problem_out_of_a_group_of_tasks_comes_out() -> None:
    problem = NotFound()
    assert problem_of(ExceptionGroup("tasks", [ExceptionGroup("inner", [problem])])) is problem


def test_members_of_a_problem_travel_with_it() -> None:
    problem = IllegalTransition(state="DRAFT", transition="grant", legal="submit, withdraw")
    status, body, headers = render_problem(problem, {"headers": [(b"accept-language", b"en")]})
    assert status == 409
    assert headers["Content-Language"] == "en"
    assert json.loads(body) == {
        "type": "urn:aksu:problem:illegal_transition",
        "title": "'grant' is not possible from state 'DRAFT'. Possible: submit, withdraw.",
        "status": 409,
        "code": "illegal_transition",
        "state": "DRAFT",
        "transition": "grant",
        "legal": "submit, withdraw",
    }


def test_headers_of_a_problem_are_sent() -> None:
    assert render_problem(Unavailable(retry_after=9), {})[2]["Retry-After"] == "9"


def test_several_problems_of_one_status_are_documented_together() -> None:
    documented = problems(NotFound, RuleBroken, IllegalTransition)
    assert {404, 409, 429, 500, 503} == documented.keys()
    assert classes_of(documented)[409] == (IllegalTransition, RuleBroken)


def test_merging_keeps_the_problems_of_both() -> None:
    both = merged(problems(RuleBroken), problems(IllegalTransition), {201: {"description": "made"}})
    assert classes_of(both)[409] == (IllegalTransition, RuleBroken)
    assert published(both)[201] == {"description": "made"}
    json.dumps(published(both))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("body",), ""),
        (("body", "a", 0, "b/c~d"), "/a/0/b~1c~0d"),
        (("query", "limit"), "?limit"),
        (("path", "id"), "{id}"),
        (("header", "if-match"), "!if-match"),
    ],
)
def test_a_place_is_named_by_its_kind(place: tuple[str | int, ...], expected: str) -> None:
    assert pointer(place) == expected


def test_every_sentence_can_be_filled_from_what_pydantic_gives() -> None:
    contexts: dict[str, Any] = {entry["type"]: entry.get("example_context") for entry in list_all_errors()}
    own = {"unknown_parameter", "too_many_parameters", "repeated_parameter", "iso_date"}
    assert SENTENCES.keys() - own <= contexts.keys()
    for code in SENTENCES:
        context: Any = contexts.get(code)
        problem = malformed([{"type": code, "loc": ("body", "x"), "ctx": context}])
        (error,) = problem.errors
        assert error.code == code
        assert "{" not in error.bg + error.en


def test_an_unknown_kind_of_error_shows_no_internals() -> None:
    (error,) = malformed([{"type": "value_error", "loc": ("body",), "ctx": {"error": ValueError("secret")}}]).errors
    assert (error.code, error.en) == ("invalid", "The value is not acceptable.")


class Period(Body):
    first: int
    last: int

    def model_post_init(self, _context: Any) -> None:
        if self.last < self.first:
            raise BadValue("period_reversed", bg="Краят е преди началото.", en="The end is before the start.")


def test_a_schemas_own_rule_speaks_both_languages() -> None:
    with pytest.raises(ValidationError) as caught:
        Period.model_validate({"first": 2, "last": 1})
    rendered = malformed([{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()])
    assert [error.render("bg")["message"] for error in rendered.errors] == ["Краят е преди началото."]
    assert rendered.errors[0].code == "period_reversed"

"""The OpenAPI is the truth: whatever it allows is answered, and as it says."""

from __future__ import annotations

import json

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from dispatcher.api.doors import BASE, examples
from dispatcher.api.routes import GROUPS
from tests.api.desk import HOME, Desk, running

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# these end the session the test lives on
_ENDING = {"log_out", "revoke"}


@pytest.fixture(scope="module")
def rough(tmp_path_factory: pytest.TempPathFactory):
    """A desk of its own: what is thrown at it would disturb the others."""
    with running(tmp_path_factory.mktemp("rough")) as one:
        ticket, engineer = one.dispatched()
        yield one, ticket, engineer


def test_every_route_tells_what_it_is(desk: Desk) -> None:
    """Summary, tag, roles, an answer's schema, and the refusals with an example."""
    described = httpx.get(f"{desk.url}/openapi.json").json()
    num_routes = 0
    for path, item in described["paths"].items():
        if not path.startswith("/api/v1"):
            continue
        for method, told in item.items():
            num_routes += 1
            where = f"{method} {path}"
            assert told["summary"], where
            assert told["tags"], where
            assert "Roles: " in told["description"], where
            for status in ("401", "404", "409", "422", "500"):
                problem = told["responses"][status]["content"]["application/problem+json"]
                assert problem["example"]["code"], where
            body = told.get("requestBody", {}).get("content", {}).get("application/json")
            if body and "$ref" in body["schema"]:
                name = body["schema"]["$ref"].rsplit("/", 1)[-1]
                kind = described["components"]["schemas"][name]
                assert kind["description"], name
                assert kind["additionalProperties"] is False, name
    assert num_routes == sum(len(group.hung) for group in GROUPS)


def test_recorded_examples_fit_what_the_routes_answer() -> None:
    """Each example of an answer was recorded from a desk and still has the answer's form."""
    kinds = {
        key.rsplit(" ", 1)[0].replace(BASE, ""): kind
        for group in GROUPS
        for key, kind in group.answers.items()
    }
    assert len(examples()) > 30
    for key, example in examples().items():
        decoded = msgspec.json.decode(json.dumps(example), type=kinds[key])
        told = json.loads(msgspec.json.encode(decoded))
        # nothing was left out or renamed since
        assert told.keys() >= example.keys(), key


def _real(operation, ticket: str, engineer: str) -> dict[str, str]:
    known = {"ticket": ticket, "engineer": engineer, "territory": HOME, "city": HOME}
    known["ledger"] = "promises"
    return {one.name: known[one.name] for one in operation.path_parameters if one.name in known}


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("role", ["supervisor", "service"])
def test_no_request_breaks_the_desk(rough, role: str, mode: GenerationMode) -> None:
    """Schemathesis: what fits the OpenAPI, and what does not, is answered as it says, no 5xx."""
    desk, ticket, engineer = rough
    described = schemathesis.openapi.from_url(f"{desk.url}/openapi.json")
    headers = {"Authorization": f"Bearer {desk.token(role)}"}
    failures: list[str] = []
    num_calls = 0
    for found in described.get_all_operations():
        operation = found.ok()
        ending = operation.definition.raw.get("operationId") in _ENDING
        if ending or not operation.path.startswith("/api/v1"):
            continue
        real = _real(operation, ticket, engineer)
        # with ids there are, so that more than a 404 is met
        cases = operation.as_strategy(mode, path_parameters=real or None)

        @settings(
            max_examples=4,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def call(case) -> None:
            nonlocal num_calls
            num_calls += 1
            answer = case.call(headers=headers, timeout=20)
            case.validate_response(answer, checks=CHECKS, headers=headers)

        try:
            call()
        except BaseExceptionGroup as error:
            failures.append(f"{operation.label}: {str(error)[:700]}")
    assert not failures, "\n\n".join(failures)
    assert num_calls > 150

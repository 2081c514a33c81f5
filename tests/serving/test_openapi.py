"""The document at /openapi.json, and whether the server keeps to it."""

import pytest
from starlette.testclient import TestClient

from .process import served

schemathesis = pytest.importorskip("schemathesis")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@schemathesis.serializer("application/jsonl", "application/x-ndjson")
def send_as_it_is(context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def test_the_server_keeps_to_its_document() -> None:
    with served() as server:
        document = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
        operations = [found.ok() for found in document.get_all_operations()]
        assert len(operations) == 7
        for operation in operations:

            @given(case=operation.as_strategy())
            @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
            def keep(case) -> None:
                case.call_and_validate(checks=CHECKS)

            keep()


def test_the_examples_of_the_document_are_answered(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    asked = 0
    for path in ("/v1/predict", "/v1/explain"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        for example in content["application/json"]["examples"].values():
            assert client.post(path, json=example["value"]).status_code == 200
            asked += 1
    assert asked == 4
    batch = document["paths"]["/v1/batch"]["post"]["requestBody"]["content"]["application/jsonl"]
    headers = {"Content-Type": "application/jsonl"}
    answer = client.post("/v1/batch", content=batch["example"], headers=headers)
    assert len(answer.text.splitlines()) == 2

"""parse_row: the values of one row, out of the body of a request."""

import base64
import binascii
from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError
from python_multipart.multipart import parse_options_header

from chiasm.serving.parse_form import parse_form
from chiasm.serving.problem import Problem
from chiasm.serving.schemas import Row

Values = dict[str, str | bytes]
_Row = TypeVar("_Row", bound=Row)

JSON = "application/json"
FORM = "multipart/form-data"


def parse_row(body: bytes, content_type: str) -> Values:
    """Text, and picture and sound as bytes, of a JSON object or a form; what is empty is left out.

    Raises:
        Problem: 415 another content type, 400 not well-formed, 422 well-formed but not a row.
    """
    kind, options = parse_options_header(content_type)
    if kind == JSON.encode():
        return row_values(parse_json(body, Row))
    if kind == FORM.encode():
        return _decode_text(parse_form(body, options.get(b"boundary", b"")))
    raise Problem(415, f"Send {JSON} (picture and sound in base64) or {FORM}.")


def parse_json(body: bytes, form: type[_Row]) -> _Row:
    """One row as a JSON object.

    Raises:
        Problem: 400 not JSON, 422 an unknown field or a value of another type.
    """
    try:
        return form.model_validate_json(body, strict=True)
    except ValidationError as error:
        # Only the first, and never the input itself: it may be long, and it is the user's.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            detail = "The body is not a JSON object in UTF-8"
            raise Problem(400, f"{detail}: {first['msg'].partition(': ')[2]}.") from error
        field = first["loc"][0] if first["type"] != "extra_forbidden" and first["loc"] else None
        known = ", ".join(form.model_fields)
        if field is None:
            raise Problem(422, f"A row is a JSON object with some of: {known}.") from error
        raise Problem(422, f"{field}: {first['msg']}.") from error


def row_values(row: Row) -> Values:
    """The values of a row, their base64 undone.

    Raises:
        Problem: 422, something is not base64.
    """
    values: Values = {}
    if row.text:
        values["text"] = row.text
    for modality, encoded in (("image", row.image), ("audio", row.audio)):
        if encoded:
            values[modality] = _decode_base64(modality, encoded)
    return values


def _decode_base64(modality: str, encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(
            422, f"{modality}: not base64. Send the bytes of the file in base64, without 'data:'."
        ) from error


def _decode_text(fields: Mapping[str, bytes]) -> Values:
    values: Values = {name: value for name, value in fields.items() if value}
    if "text" in values:
        try:
            values["text"] = fields["text"].decode()
        except UnicodeDecodeError as error:
            raise Problem(422, "text: not UTF-8. Send the text in UTF-8.") from error
    return values

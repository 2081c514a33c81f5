"""parse_row: the values of one row, out of the body of a request."""

import base64
import binascii
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from python_multipart.multipart import parse_options_header

from chiasm.serving.limits import Limits
from chiasm.serving.parse_form import parse_form
from chiasm.serving.problem import HTTPProblem

Values = dict[str, str | bytes]
_Row = TypeVar("_Row", bound="Received")

JSON = "application/json"
FORM = "multipart/form-data"

# Of these one is parsed at a time: meanwhile it takes several times its size, and more than one
# would not be done sooner.
_LARGE = 1 << 20
_lock = threading.Lock()
# Beside those in a text: of the object itself, and in the name of a row.
_COMMAS_OF_A_ROW = 300
_LONGEST_NAME = 200


def parse_row(body: bytes | bytearray, content_type: str, limits: Limits) -> Values:
    """Text, and image and audio as bytes, of a JSON object or a form; what is empty is left out.

    Raises:
        HTTPProblem: 415 another content type, 400 not well-formed, 422 well-formed but no row, or a
            text that is too long.
    """
    kind, options = parse_options_header(content_type)
    with large_alone(body):
        if kind == JSON.encode():
            return row_values(parse_json(body, Received, limits), limits)
        if kind == FORM.encode():
            return _form_values(parse_form(bytes(body), options.get(b"boundary", b"")), limits)
    raise HTTPProblem(415, f"Send {JSON} (image and audio in base64) or {FORM}.")


@contextmanager
def large_alone(body: bytes | bytearray) -> Iterator[None]:
    """Wait until no other large body is parsed, where this is one."""
    if len(body) < _LARGE:
        yield
        return
    with _lock:
        yield


class Received(BaseModel):
    """A ``Row`` in UTF-8, as it arrives: Python takes four bytes for each sign of some texts."""

    model_config = ConfigDict(extra="forbid")

    text: bytes | None = None
    image: bytes | None = None
    audio: bytes | None = None


# The modalities that a request can name.
READABLE = tuple(Received.model_fields)


class ReceivedLine(Received):
    """A ``BatchRow`` as it arrives."""

    id: bytes | None = None

    def name(self) -> str | None:
        """The row's own name.

        Raises:
            HTTPProblem: 422, it is too long.
        """
        if self.id is None:
            return None
        if len(name := self.id[: 4 * (_LONGEST_NAME + 1)].decode(errors="ignore")) > _LONGEST_NAME:
            raise HTTPProblem(
                422, f"id: longer than {_LONGEST_NAME} characters. Send a shorter one."
            )
        return name


def parse_json(body: bytes | bytearray, form: type[_Row], limits: Limits) -> _Row:
    """One row as a JSON object.

    Raises:
        HTTPProblem: 400 not JSON, 422 an unknown field or a value of another type.
    """
    # A parser takes some fifty bytes for each of what stands between them.
    if body.count(b",") > limits.characters + _COMMAS_OF_A_ROW:
        raise HTTPProblem(
            422,
            f"A row is a JSON object with some of: {', '.join(form.model_fields)}. This has more "
            f"commas than a text of at most {limits.characters:,} characters.",
        )
    try:
        return form.model_validate_json(body, strict=True)
    except ValidationError as error:
        # Only the first, and never the input itself: it may be long, and it is the user's.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            detail = "The body is not a JSON object in UTF-8"
            raise HTTPProblem(400, f"{detail}: {first['msg'].partition(': ')[2]}.") from error
        field = first["loc"][0] if first["type"] != "extra_forbidden" and first["loc"] else None
        known = ", ".join(form.model_fields)
        if field is None:
            raise HTTPProblem(422, f"A row is a JSON object with some of: {known}.") from error
        raise HTTPProblem(422, f"{field}: Input should be a valid string.") from error


def row_values(row: Received, limits: Limits) -> Values:
    """The values of a row, their base64 undone.

    Raises:
        HTTPProblem: 422, something is not base64, or a text is too long.
    """
    values: Values = {}
    if row.text:
        values["text"] = _decode_text(row.text, limits)
    for modality, encoded in (("image", row.image), ("audio", row.audio)):
        if encoded:
            values[modality] = _decode_base64(modality, encoded)
    return values


def _decode_base64(modality: str, encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise HTTPProblem(
            422, f"{modality}: not base64. Send the bytes of the file in base64, without 'data:'."
        ) from error


def _form_values(fields: Mapping[str, bytes], limits: Limits) -> Values:
    values: Values = {name: value for name, value in fields.items() if value}
    if "text" in values:
        values["text"] = _decode_text(fields["text"], limits)
    return values


def _decode_text(content: bytes, limits: Limits) -> str:
    # What is too long, even if each character takes four bytes, is not decoded.
    _refuse_long(len(content) / 4, limits)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise HTTPProblem(422, "text: not UTF-8. Send the text in UTF-8.") from error
    _refuse_long(len(text), limits)
    return text


def _refuse_long(characters: float, limits: Limits) -> None:
    if characters > limits.characters:
        raise HTTPProblem(
            422, f"text: longer than {limits.characters:,} characters. Send a shorter text."
        )

"""parse_form: the fields of a multipart form, in memory and within limits."""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from chiasm.serving.problem import HTTPProblem
from chiasm.serving.schemas import Row

_MOST_HEADERS = 8
_LONGEST_HEADER = 2_000
_NAMES = tuple(Row.model_fields)


def parse_form(body: bytes, boundary: bytes) -> dict[str, bytes]:
    """The bytes of each field; a file's name and type are not looked at.

    Raises:
        HTTPProblem: 400 not well-formed or cut, 422 an unknown field or one that comes twice.
    """
    form = _Form()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": form.begin_part,
                "on_part_data": form.add_data,
                "on_header_begin": form.begin_header,
                "on_header_field": form.add_header_name,
                "on_header_value": form.add_header_value,
                "on_header_end": form.end_header,
                "on_headers_finished": form.end_headers,
                "on_end": form.end,
            },
            max_header_count=_MOST_HEADERS,
            max_header_size=_LONGEST_HEADER,
        )
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise HTTPProblem(400, "The form is not well-formed multipart/form-data.") from error
    if not form.complete:
        raise HTTPProblem(400, "The form ends before its closing boundary. Send it whole.")
    return {name: bytes(value) for name, value in form.fields.items()}


class _Form:
    """What the parser reports, gathered."""

    def __init__(self) -> None:
        self.fields: dict[str, bytearray] = {}
        self.complete = False
        self._headers: dict[bytes, bytes] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._field = bytearray()

    def begin_part(self) -> None:
        self._headers = {}

    def begin_header(self) -> None:
        self._name, self._value = bytearray(), bytearray()

    def add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)

    def end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", errors="replace")
        if name not in _NAMES:
            raise HTTPProblem(
                422, f"A form has some of the fields {', '.join(_NAMES)}, and no other."
            )
        if name in self.fields:
            raise HTTPProblem(
                422, f"{name}: given twice. Send one row at a time, or use /v1/batch."
            )
        self._field = self.fields[name] = bytearray()

    def add_data(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def end(self) -> None:
        self.complete = True

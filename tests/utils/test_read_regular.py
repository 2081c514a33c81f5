"""No file is opened by a plain call: what reads goes through utils.reading, or is named here."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import chiasm

SOURCE = Path(chiasm.__file__).parent
READERS = re.compile(
    r"(.*\.)?(open|fdopen|read_text|read_bytes|open_memmap|memmap|fromfile|loadtxt|genfromtxt"
    r"|load_file|safe_open|read_csv|read_parquet|read_excel|ParquetFile|ZipFile|SoundFile|mmap"
    r"|copyfile|copytree|from_pretrained|from_file|InferenceSession)"
    r"|(json|np|numpy|onnx|pickle|torch|yaml)\.load"
)
# Modules whose plain calls are none of a user's files, or come after a check of them.
ALLOWED = {
    "utils.reading": "the safe opener itself",
    "utils.cores": "control groups of the kernel",
    "serving.decode_worker": "the kernel's count of a process's pages",
    "serving.json_log": "descriptors of this process",
    "serving.routes.page": "files of this package",
    "recipes.files": "files of this package",
    "utils.writing": "what was just written",
    "data.readers.arrow": "bytes in memory",
    "data.readers.tabular": "read_parquet is ours, of bytes",
    "data.media.images": "bytes in memory",
    "data.media.vectors": "the file that open_regular opened",
    "data.media.audio": "the file that open_regular opened",
    "samples.vqa": "files of an installed package",
    "serving.sizes": "bytes in memory",
    "cache.environment": "LMDB opens its own file, read and write, which no pipe holds up",
    "explanation.faithfulness.naming": "bytes that read_regular read",
    "model.storage": "after open_regular",
    "encoders.packaged.ctranslate2": "the file that open_regular opened",
    "encoders.packaged.efficientnet": "weights of a known SHA-256",
    "exporting.onnx_files": "what was just exported",
    "inference.sessions": "after read_own",
    "encoders.huggingface.checkpoint": "after _refuse_odd_weights",
    "encoders.huggingface.text": "after the registry looked at all files of the folder",
    "encoders.huggingface.image": "after the registry looked at all files of the folder",
    "encoders.huggingface.audio": "after the registry looked at all files of the folder",
}


def plain_reads(tree: ast.AST) -> Iterator[int]:
    """The lines that may open a file to read it."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            modes = [each.value for each in given if isinstance(each, ast.Constant)]
            writes = any(mode in ("w", "wb", "x", "xb", "a", "ab") for mode in modes)
            if READERS.fullmatch(ast.unparse(call.func)) and not writes:
                yield call.lineno


def test_what_reads_a_file_is_found() -> None:
    code = 'open(a)\np.open()\np.open("w")\nopen(a, mode="rb")\np.read_text("utf-8")\nnp.load(a)\n'
    assert list(plain_reads(ast.parse(code))) == [1, 2, 4, 5, 6]


def test_nothing_is_read_by_a_plain_call() -> None:
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        lines = list(plain_reads(ast.parse(path.read_text("utf-8"))))
        if lines:
            found[".".join(path.relative_to(SOURCE).with_suffix("").parts)] = lines
    plain = {module: lines for module, lines in found.items() if module not in ALLOWED}
    assert not plain, "read by chiasm.utils.reading, or named with a reason in ALLOWED"
    assert sorted(ALLOWED.keys() - found.keys()) == [], "these read nothing any more"

"""What every file of the package owes its reader, and what none of them may do."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.contracts.sources import dotted, imported_modules, package_sources

EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "stuff", "tools"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "imp", "telnetlib"}
FORBIDDEN_CALLS = {
    "eval": "data is not code",
    "exec": "data is not code",
    "compile": "data is not code",
    "__import__": "importlib says what it does",
    "os.system": "a shell string; use subprocess with a list",
    "os.popen": "a shell string; use subprocess with a list",
    "yaml.load": "runs tags; spec reads plans with a safe loader",
    "yaml.unsafe_load": "runs tags",
    "yaml.full_load": "runs tags",
    "tempfile.mktemp": "a race; use mkstemp",
}
SECOND_LOOK_LINES = 400
SPLIT_LINES = 60
Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path, tree in package_sources().items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_no_room_is_called_by_an_empty_name() -> None:
    found = [
        path for path in package_sources() if EMPTY_NAMES & {part.removesuffix(".py") for part in Path(path).parts}
    ]
    assert found == [], "give it a noun"


def test_nothing_reads_data_that_can_hold_code() -> None:
    found = [
        f"{path}:{line} imports {name}"
        for path, tree in package_sources().items()
        for line, name in imported_modules(tree)
        if name.split(".")[0] in FORBIDDEN_MODULES
    ]
    assert found == []


def test_nothing_runs_strings() -> None:
    assert [finding for path, tree in package_sources().items() for finding in forbidden_calls(path, tree)] == []


def test_the_scan_sees_what_it_looks_for() -> None:
    bad = ast.parse(
        "import yaml, subprocess, numpy as np\n"
        "yaml.load(text)\neval('1')\nsubprocess.run('ls', shell=True)\nnp.load(path, allow_pickle=True)\n"
        "re.compile('fine')\n"
    )
    assert [finding.split()[0] for finding in forbidden_calls("bad.py", bad)] == [f"bad.py:{n}" for n in (2, 3, 4, 5)]


def test_imports_are_absolute() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in package_sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert found == []


def test_no_file_is_too_long_to_read() -> None:
    """A second look above 400 lines. If a file has earned its length, say so here with the reason."""
    earned: dict[str, str] = {}
    long = {path for path in package_sources() if len(Path(path).read_text().splitlines()) > SECOND_LOOK_LINES}
    assert long == set(earned)


def test_no_function_is_too_long_to_hold_in_mind() -> None:
    """A function of more than 60 lines is two. If one is truly better whole, say so here with the reason.

    What a command of `cli` takes as arguments are its options with their help, and its docstring is its page: there
    the lines after both count, because nobody would look for options anywhere else.
    """
    earned: dict[str, str] = {}
    lengths = {
        f"{path}:{function.name}": length_of(function, is_command=Path(path).parts[2] == "cli")
        for path, tree in package_sources().items()
        for function in functions_of(tree)
    }
    assert {name: lines for name, lines in lengths.items() if lines > SPLIT_LINES and name not in earned} == {}


def test_lengths_are_counted_as_told() -> None:
    lines = ["def outer(", "    a,", "):", '    """Doc."""', "    x = 1", "    async def inner():", "        return x"]
    outer, inner = functions_of(ast.parse("\n".join(lines)))
    assert (length_of(outer, is_command=False), length_of(outer, is_command=True)) == (7, 3)
    assert length_of(inner, is_command=False) == 2


def functions_of(tree: ast.Module) -> list[Function]:
    """Those inside others too; in the order of their first lines."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length_of(function: Function, *, is_command: bool) -> int:
    last = function.end_lineno or function.lineno
    if not is_command:
        return last - function.lineno + 1
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return last - body[0].lineno + 1 if body else 0


def forbidden_calls(path: str, tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        if name in FORBIDDEN_CALLS:
            found.append(f"{path}:{node.lineno} {name}: {FORBIDDEN_CALLS[name]}")
        for keyword in node.keywords:
            is_true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            if keyword.arg in ("shell", "allow_pickle") and is_true:
                found.append(f"{path}:{node.lineno} {keyword.arg}=True")
    return sorted(found, key=lambda finding: int(finding.split(":")[1].split()[0]))

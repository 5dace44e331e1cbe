"""The code of a user's own model: its package or file, and every module that it imports and that was not installed."""

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

_NOT_THE_USERS = sys.stdlib_module_names | {"cropdetect"}
_IMPORTERS = ("import_module", "__import__")
_INSTALLED = ("site-packages", "dist-packages")


def code_of(model: str) -> dict[str, str]:
    """Return a hash of the code of a user's own model, as an argument of the call; nothing for a model of this package.

    Nothing is imported. The imports are read from the code: those in functions count, too, and those by a name that is only
    computed when the code runs do not.

    Args:
        model: "package.module:Class", or a name. All Python files of an outermost package count.
    """
    name, colon, _ = model.partition(":")
    own = name.partition(".")[0]
    unvisited, files, seen = [own] if colon else [], dict[str, Path](), {own}
    while unvisited:
        module = unvisited.pop()
        for place, file in _files_of(module, installed=module == own):
            files[place] = file
            imported = set(_imported(file)) - seen
            seen |= imported
            unvisited += imported
    digest = hashlib.sha256()
    for place, file in sorted(files.items()):
        digest.update(f"{place}\0".encode() + file.read_bytes())
    return {"model_code": digest.hexdigest()} if files else {}


def _files_of(module: str, *, installed: bool) -> Iterator[tuple[str, Path]]:
    """Yield the Python files of an outermost module or package, each with its place in it; those of an installed one if asked."""
    spec = _found(module)
    if spec is None:
        return
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    for folder in folders:
        if installed or not _is_installed(folder):
            yield from ((f"{module}/{file.relative_to(folder).as_posix()}", file) for file in folder.rglob("*.py"))
    if not folders and spec.origin is not None and (installed or not _is_installed(Path(spec.origin))):
        yield module, Path(spec.origin)


def _found(module: str) -> ModuleSpec | None:
    if module in _NOT_THE_USERS:
        return None
    try:
        return find_spec(module)
    except (ImportError, ValueError):  # said where the model is built
        return None


def _is_installed(path: Path) -> bool:
    standard = (Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))
    return bool(set(_INSTALLED) & set(path.parts)) or any(path.is_relative_to(one) for one in standard)


def _imported(file: Path) -> Iterator[str]:
    """Yield the outermost names of the modules that a file imports; none where it is no Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError):  # said where the model is built
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and node.args and _called(node) in _IMPORTERS:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value.partition(".")[0]


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")

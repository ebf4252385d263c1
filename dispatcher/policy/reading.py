"""
Reads a profile's TOML, merges it over the one it extends, and says exactly what is wrong where.

Must not give the words a meaning; `compiling` does.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from dispatcher.domain.codec import to_json
from dispatcher.errors import BadField, BadPolicy
from dispatcher.policy.file import ChoiceFile, ProfileFile

T = TypeVar("T", bound=msgspec.Struct)

SHIPPED = Path(__file__).parent / "profiles"
# the table by which tickets get their profile, beside the profiles
CHOICE = "choice"
# tables of a house that are no profiles
TABLES = frozenset({CHOICE, "terms"})
# a clock's promise is one thing: who states one part states all of it
_PROMISE = ("target", "claims", "by_weight", "clause", "choice")
# tables that are values: never merged key by key
_WHOLE = frozenset({"target"})

_HEADER = re.compile(r"^\s*\[\[?\s*(?P<path>[^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*(?P<key>(?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|[\w-]+))*)\s*=""")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^."']+?))\s*(?:\.|$)""")
_AT = re.compile(r" - at `(?:key in )?\$?(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file as it was read."""

    path: Path
    text: str
    raw: dict[str, Any]

    def line_of(self, keys: Sequence[str]) -> int:
        """Return the line of a key, or of the innermost table around it that has one; 1 = none."""
        best, best_length = 1, 0
        header: tuple[str, ...] = ()
        for number, line in enumerate(self.text.splitlines(), 1):
            if found := _HEADER.match(line):
                header = _parts(found["path"])
                here = header
            elif found := _KEY.match(line):
                here = (*header, *_parts(found["key"]))
            else:
                continue
            if len(here) > best_length and tuple(keys[: len(here)]) == here:
                best, best_length = number, len(here)
        return best


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A profile as it was read, with what it extends merged in."""

    file: ProfileFile
    # canonical JSON of the merged profile: what its version is made of, and what the log keeps
    text: str
    # the file itself first, then what it extends
    sources: tuple[Source, ...]

    @property
    def version(self) -> str:
        """Ten hexadecimal digits that change with any number of the profile."""
        return version_of(self.text)

    def refuse(self, keys: Sequence[str], problem: str, instead: str) -> BadPolicy:
        """Return the refusal of a value that the shape allows and the meaning does not."""
        value = _value(msgspec.json.decode(self.text), keys)
        # what nobody states is missing where the table around it stands
        where = keys if value != "" else keys[:-1]
        return _refusal(_origin(self.sources, where), keys, value, problem, instead)


def version_of(text: str) -> str:
    """Return the version of a profile's canonical JSON."""
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def profile_files(folder: Path | None) -> dict[str, Path]:
    """Return the profiles there are by name; the organisation's own folder wins over the shipped."""
    found: dict[str, Path] = {}
    for place in (SHIPPED, folder):
        if place is not None and place.is_dir():
            found |= {
                one.stem: one for one in sorted(place.glob("*.toml")) if one.stem not in TABLES
            }
    return found


def read_profile(name: str | Path, folder: Path | None = None) -> Read:
    """
    Return a profile by name or path, with what it extends.

    Parameters
    ----------
    name
        A profile's name, or the path of a file.
    folder
        The organisation's own profiles; they hide shipped ones of the same name.

    Raises
    ------
    BadPolicy
        The file does not fit; says file, line, key, value and what to write instead.
    BadField
        There is no profile of this name.
    """
    sources = list(_chain(name, folder))
    merged: dict[str, Any] = {}
    for source in reversed(sources):
        merged = _over(merged, source.raw)
    merged.pop("extends", None)
    try:
        file = msgspec.convert(merged, ProfileFile)
    except msgspec.ValidationError as error:
        raise _invalid(error, merged, tuple(sources)) from error
    # in the order of the file: clocks and needs are told in it
    return Read(file=file, text=msgspec.json.encode(merged).decode(), sources=tuple(sources))


def read_text(text: str) -> Read:
    """Return a profile from the canonical JSON that the log keeps."""
    raw = msgspec.json.decode(text)
    source = Source(path=Path("log"), text="", raw=raw)
    return Read(file=msgspec.convert(raw, ProfileFile), text=text, sources=(source,))


def read_choice(folder: Path | None = None) -> tuple[ChoiceFile, Source]:
    """Return the table of profiles: the organisation's own, or the shipped one."""
    own = folder / f"{CHOICE}.toml" if folder else None
    path = own if own is not None and own.is_file() else SHIPPED / f"{CHOICE}.toml"
    return read_table(path, ChoiceFile)


def read_table(path: Path, shape: type[T]) -> tuple[T, Source]:
    """
    Return a table of a house that is no profile.

    Raises
    ------
    BadPolicy
        The file does not fit its shape.
    """
    source = _load(path)
    _known_keys(source, source.raw, _shape(shape), ())
    try:
        return msgspec.convert(source.raw, shape), source
    except msgspec.ValidationError as error:
        raise _invalid(error, source.raw, (source,), shape) from error


def refusal(source: Source, keys: Sequence[str], problem: str, instead: str) -> BadPolicy:
    """Return the refusal of one value of a file."""
    return _refusal(source, keys, _value(source.raw, keys), problem, instead)


def _chain(name: str | Path, folder: Path | None) -> Iterator[Source]:
    """Yield a profile's file and those it extends, nearest first."""
    seen: list[str] = []
    own = folder
    while name:
        if isinstance(name, Path):
            path, own = name, own or name.parent
        else:
            path = _find(name, profile_files(own))
        if path.stem in seen:
            here = _load(path)
            rule = "extend a profile that does not lead back here"
            problem = f"goes round in a circle ({' → '.join([*seen, path.stem])})"
            raise _refusal(here, ("extends",), here.raw.get("extends"), problem, rule)
        seen.append(path.stem)
        source = _load(path)
        _known_keys(source, source.raw, _shape(ProfileFile), ())
        yield source
        name = source.raw.get("extends", "")
        known = profile_files(own)
        if name and name not in known:
            hint = _nearest(str(name), known) or "one of " + ", ".join(sorted(known))
            raise _refusal(source, ("extends",), name, "is no profile", hint)
        if isinstance(name, str) and name == path.stem and own is not None:
            # an own file may change the shipped profile whose name it has
            name, own = SHIPPED / f"{name}.toml", None
            seen.pop()


@cache
def _shape(file: type) -> inspect.Type:
    return inspect.type_info(file)


def _find(name: str, known: dict[str, Path]) -> Path:
    if name not in known:
        raise BadField(field="policy", value=name, rule=f"choose one of {', '.join(sorted(known))}")
    return known[name]


def _load(path: Path) -> Source:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = f"cannot be read: {error}"
        about = {"file": path.name, "line": 1, "key": "UTF-8", "value": ""}
        raise BadPolicy(**about, problem=problem, instead="a text file in UTF-8") from None
    try:
        return Source(path=path, text=text, raw=tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise BadPolicy(
            file=path.name,
            line=int(found[1]) if found else 1,
            key="TOML",
            value="",
            problem=str(error),
            instead="valid TOML (toml.io)",
        ) from None


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `below` overruled by `above`; tables merge, everything else is replaced."""
    merged = dict(below)
    if any(key in above for key in _PROMISE[:3]):
        for key in _PROMISE:
            merged.pop(key, None)
    for key, value in above.items():
        old = merged.get(key)
        is_table = isinstance(old, dict) and isinstance(value, dict) and key not in _WHOLE
        merged[key] = _over(old, value) if is_table and isinstance(old, dict) else value
    return merged


def _known_keys(source: Source, value: object, kind: inspect.Type, at: tuple[str, ...]) -> None:
    """Refuse a key that the shape does not have, with the nearest one it has."""
    kind = _plain(kind, value)
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        for key, inner in value.items():
            if key not in fields:
                raise _unknown(source, (*at, key), inner, fields)
            _known_keys(source, inner, fields[key], (*at, key))
    elif isinstance(kind, inspect.DictType) and isinstance(value, dict):
        names = kind.key_type
        for key, inner in value.items():
            if isinstance(names, inspect.LiteralType) and key not in names.values:
                raise _unknown(source, (*at, key), inner, [str(v) for v in names.values])
            _known_keys(source, inner, kind.value_type, (*at, key))
    elif isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        for inner in value:
            _known_keys(source, inner, kind.item_type, at)


def _plain(kind: inspect.Type, value: object) -> inspect.Type:
    """Return the type behind metadata, and of a union the member that a table would fit."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        tables = [one for one in kind.types if isinstance(one, inspect.StructType)]
        if isinstance(value, dict) and tables:
            return tables[0]
    return kind


def _unknown(source: Source, keys: tuple[str, ...], value: object, known: Any) -> BadPolicy:
    hint = _nearest(keys[-1], known)
    instead = hint or "one of " + ", ".join(sorted(known))
    return _refusal(source, keys, value, "is not known here", instead)


def _nearest(word: str, known: Any) -> str:
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'"{close[0]}"' if close else ""


def _invalid(
    error: msgspec.ValidationError,
    merged: dict[str, Any],
    sources: tuple[Source, ...],
    shape: type = ProfileFile,
) -> BadPolicy:
    """Return msgspec's complaint with its place in the file and what the shape wants there."""
    said = str(error)
    found = _AT.search(said)
    keys = [a or b for a, b in _STEP.findall(found["path"])] if found else []
    problem = (said[: found.start()] if found else said).replace("`", '"')
    missing = re.search(r'required field "([^"]+)"', problem)
    if missing:
        keys.append(missing[1])
    if "..." in keys:
        keys = _resolved(keys, merged, shape)
    instead = _wanted(keys, shape) or _meant(problem, missing)
    named = [key for key in keys if not key.isdigit()]
    where = _origin(sources, named)
    return _refusal(where, named, _value(merged, keys), problem, instead)


# what a value of a type looks like in a file
_TYPES: Final = {
    "int": "a whole number, like 3",
    "float": "a number, like 0.5",
    "bool": "true or false",
    "str": 'a text in quotes, like "standard"',
    "array": "a list, like [1, 2]",
    "object": "a table, like { a = 1 }",
    "datetime": "a date and an hour, like 2026-11-22T08:00:00",
}


def _meant(problem: str, missing: re.Match[str] | None) -> str:
    """Return what to write where the shape says no more than a type."""
    if missing:
        return f"{missing[1]} = …; nothing stands for it"
    wanted = re.match(r'Expected "(\w+)', problem)
    kind = "datetime" if "datetime" in problem else wanted[1] if wanted else ""
    return _TYPES.get(kind, "what the schema allows: `dispatcher policy schema`")


def _resolved(keys: list[str], merged: dict[str, Any], shape: type) -> list[str]:
    """Return a path whose "..." (any key of a table) is replaced by the key that does not fit."""
    k = keys.index("...")
    table = _value(merged, keys[:k])
    for name, inner in table.items() if isinstance(table, dict) else ():
        tried = {**merged, keys[0]: {name: inner}} if k == 1 else merged
        try:
            msgspec.convert(tried, shape)
        except msgspec.ValidationError as error:
            found = _AT.search(str(error))
            if (
                found
                and [a or b for a, b in _STEP.findall(found["path"])][: k + 1] == keys[: k + 1]
            ):
                return [*keys[:k], name, *keys[k + 1 :]]
    return keys


def _wanted(keys: Sequence[str], shape: type) -> str:
    """Return the description of what stands at a place of the shape."""
    kind = _shape(shape)
    told = ""
    for key in keys:
        kind = _plain(kind, {})
        if isinstance(kind, inspect.StructType):
            kind = next((f.type for f in kind.fields if f.encode_name == key), inspect.AnyType())
        elif isinstance(kind, inspect.DictType):
            kind = kind.value_type
        elif isinstance(kind, (inspect.VarTupleType, inspect.ListType)):
            kind = kind.item_type
    members = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    for one in members:
        if isinstance(one, inspect.Metadata) and one.extra_json_schema:
            told = told or str(one.extra_json_schema.get("description", ""))
        if isinstance(one, inspect.LiteralType):
            told = "one of " + ", ".join(f'"{value}"' for value in one.values)
    return told


def _value(raw: object, keys: Sequence[str]) -> object:
    for key in keys:
        if isinstance(raw, dict):
            raw = raw.get(key, "")
        elif isinstance(raw, list) and key.isdigit() and int(key) < len(raw):
            raw = raw[int(key)]
    return raw


def _origin(sources: tuple[Source, ...], keys: Sequence[str]) -> Source:
    """Return the nearest file of a chain that states a key."""
    for length in range(len(keys), 0, -1):
        for source in sources:
            raw: object = source.raw
            for key in keys[:length]:
                raw = raw.get(key) if isinstance(raw, dict) else None
            if raw is not None:
                return source
    return sources[0]


def _refusal(
    source: Source, keys: Sequence[str], value: object, problem: str, instead: str
) -> BadPolicy:
    shown = to_json(value).decode() if isinstance(value, dict | list | tuple) else str(value)
    return BadPolicy(
        file=source.path.name,
        line=source.line_of(keys),
        key=".".join(keys) or "file",
        value=shown[:120],
        problem=problem,
        instead=instead,
    )


def _parts(path: str) -> tuple[str, ...]:
    return tuple((a or b or c).strip() for a, b, c in _PART.findall(path) if a or b or c)

"""
Holds a file against its shape: unknown keys with their nearest neighbour, wrong kinds in plain words.

Must not give the words a meaning; `compiling` does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from dispatcher.errors import BadPolicy
from dispatcher.policy.source import Source, origin, refuse, value_at

_AT = re.compile(r" - at `(?:key in )?\$?(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_MISSING = re.compile(r'required field "([^"]+)"')

# what a value of a type looks like in a file
_TYPES: Final = {
    "int": "a whole number, like 3",
    "float": "a number, like 0.5",
    "bool": "true or false",
    "str": 'a text in quotes, like "standard"',
    "array": "a list, like [1, 2]",
    "object": "a table with keys of its own",
    "datetime": "a date and an hour, like 2026-11-22T08:00:00",
}
# what a value is that should be another
_KINDS: Final = {
    "int": "is a whole number",
    "float": "is a number",
    "bool": "is true or false",
    "str": "is a text",
    "array": "is a list",
    "object": "is a table",
    "datetime": "is a date",
}


@cache
def shape_of(file: type) -> inspect.Type:
    """Return what a file's type says of its keys."""
    return inspect.type_info(file)


def nearest(word: str, known: Any) -> str:
    """Return the known word that was probably meant, in quotes; empty when there is none."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'"{close[0]}"' if close else ""


def check_keys(source: Source, value: object, kind: inspect.Type, at: tuple[str, ...]) -> None:
    """Refuse a key that the shape does not have, with the nearest one it has."""
    kind = _plain(kind, value)
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        for key, inner in value.items():
            if key not in fields:
                raise _unknown(source, (*at, key), inner, fields)
            check_keys(source, inner, fields[key], (*at, key))
    elif isinstance(kind, inspect.DictType) and isinstance(value, dict):
        names = kind.key_type
        for key, inner in value.items():
            if isinstance(names, inspect.LiteralType) and key not in names.values:
                raise _unknown(source, (*at, key), inner, [str(v) for v in names.values])
            check_keys(source, inner, kind.value_type, (*at, key))
    elif isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        for inner in value:
            check_keys(source, inner, kind.item_type, at)


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
    hint = nearest(keys[-1], known)
    instead = hint or "one of " + ", ".join(sorted(known))
    return refuse(source, keys, value, "is not known here", instead)


def misfit(
    error: msgspec.ValidationError, merged: dict[str, Any], sources: tuple[Source, ...], shape: type
) -> BadPolicy:
    """Return msgspec's complaint with its place in the file and what the shape wants there."""
    said = str(error)
    found = _AT.search(said)
    keys = [a or b for a, b in _STEP.findall(found["path"])] if found else []
    said = (said[: found.start()] if found else said).replace("`", '"')
    missing = _MISSING.search(said)
    if missing:
        keys.append(missing[1])
    if "..." in keys:
        keys = _resolved(keys, merged, shape)
    value = value_at(merged, keys)
    named = [key for key in keys if not key.isdigit()]
    instead = _wanted(keys, shape) or _meant(said, missing, value, keys)
    return refuse(origin(sources, named), keys, value, _problem(said, value), instead)


def _problem(said: str, value: object) -> str:
    """Return a complaint of the library in plain words."""
    got = re.search(r', got "(\w+)"$', said)
    if got:
        problem = _KINDS.get(got[1], said)
    elif _MISSING.search(said):
        problem = "is missing"
    elif "matching regex" in said:
        problem = "does not have the form that is wanted"
    elif said.startswith("Invalid enum value"):
        problem = "is not one of the words that are known"
    elif bound := re.search(r'Expected "\w+" ([<>]=?) (-?[\d.]+)$', said):
        problem = f"must be {bound[1]} {bound[2]}"
    elif "of length" in said:
        size = len(value) if isinstance(value, str | list) else 0
        problem = f"has the length {size}"
    else:
        problem = said
    return problem


def _meant(said: str, missing: re.Match[str] | None, value: object, keys: Sequence[str]) -> str:
    """Return what to write where the shape says no more than a type."""
    if missing and len(keys) == 1:
        return f'{missing[1]} = …, or extends = "standard", which has it'
    if missing:
        return f"{missing[1]} = …; nothing stands for it"
    wanted = re.match(r'Expected "(\w+)', said)
    kind = "datetime" if "datetime" in said else wanted[1] if wanted else ""
    if kind == "array" and isinstance(value, str):
        return f'["{value}"]'
    return _TYPES.get(kind, "what the schema allows: `dispatcher policy schema`")


def _resolved(keys: list[str], merged: dict[str, Any], shape: type) -> list[str]:
    """Return a path whose "..." (any key of a table) is replaced by the key that does not fit."""
    k = keys.index("...")
    table = value_at(merged, keys[:k])
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
    kind = shape_of(shape)
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

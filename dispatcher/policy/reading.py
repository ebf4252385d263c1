"""
Reads a profile's TOML, merges it over the one it extends, and says exactly what is wrong where.

Must not give the words a meaning; `compiling` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from dispatcher.errors import BadField, BadPolicy
from dispatcher.policy.file import ChoiceFile, ProfileFile
from dispatcher.policy.shapes import check_keys, misfit, nearest, shape_of
from dispatcher.policy.source import Source, load, origin, refuse, value_at

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

    def refuse(
        self, keys: Sequence[str], problem: str, instead: str, word: str | None = None
    ) -> BadPolicy:
        """Return the refusal of a value that the shape allows and the meaning does not."""
        value = value_at(msgspec.json.decode(self.text), keys)
        named = [key for key in keys if not key.isdigit()]
        # what nobody states is missing where the table around it stands
        where = named if value != "" else named[:-1]
        return refuse(origin(self.sources, where), keys, value, problem, instead, word)


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
        raise misfit(error, merged, tuple(sources), ProfileFile) from error
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
    source = load(path)
    check_keys(source, source.raw, shape_of(shape), ())
    try:
        return msgspec.convert(source.raw, shape), source
    except msgspec.ValidationError as error:
        raise misfit(error, source.raw, (source,), shape) from error


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
            here = load(path)
            rule = "extend a profile that does not lead back here"
            problem = f"goes round in a circle ({' → '.join([*seen, path.stem])})"
            raise refuse(here, ("extends",), here.raw.get("extends"), problem, rule)
        seen.append(path.stem)
        source = load(path)
        check_keys(source, source.raw, shape_of(ProfileFile), ())
        _check_own_name(source)
        yield source
        name = source.raw.get("extends", "")
        known = profile_files(own)
        if name and name == path.stem and not (SHIPPED / f"{name}.toml").is_file():
            rule = "another profile; only one of a shipped profile's name extends its namesake"
            raise refuse(source, ("extends",), name, "extends itself", rule)
        if name and name not in known:
            hint = nearest(str(name), known) or "one of " + ", ".join(sorted(known))
            raise refuse(source, ("extends",), name, "is no profile", hint)
        if isinstance(name, str) and name == path.stem and own is not None:
            # an own file may change the shipped profile whose name it has
            name, own = SHIPPED / f"{name}.toml", None
            seen.pop()


def _check_own_name(source: Source) -> None:
    """Refuse a file that would go by the name of the profile it extends."""
    if "name" not in source.raw:
        rule = f'name = "{source.path.stem}", the name of its file'
        raise refuse(source, ("name",), "", "is missing", rule)


def _find(name: str, known: dict[str, Path]) -> Path:
    if name not in known:
        raise BadField(field="policy", value=name, rule=f"choose one of {', '.join(sorted(known))}")
    return known[name]


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

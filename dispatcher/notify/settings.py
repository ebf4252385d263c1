"""
Which messages go out by which channel: ``notify.toml`` in the data directory, secrets from outside it.

Must not send. A value ``env:NAME`` is read from the environment when it is needed, and never shown.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from dispatcher.errors import BadNotify

FILE = "notify.toml"


class ChannelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One channel."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    kind: Literal["page", "mail", "webhook", "apprise"]
    # whom it reaches: customer, or roles; none = everybody
    audience: tuple[str, ...] = ()
    # templates that go by it; none = all
    templates: tuple[str, ...] = ()
    # en or zh; empty = the house's language
    lang: Literal["", "en", "zh"] = ""
    # webhook and apprise: the address, or env:NAME
    url: str = ""
    # webhook: whsec_…; mail: the password; or env:NAME
    key: str = ""
    # mail
    host: str = ""
    port: int = 0
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()

    def secret(self) -> str:
        """Return the key."""
        return _outside(self.key, self.name, "key")

    def address(self) -> str:
        """Return the address."""
        return _outside(self.url, self.name, "url")

    def takes(self, template: str, audience: str) -> bool:
        """Tell whether such a message goes by this channel."""
        fits = not self.audience or audience in self.audience
        return fits and (not self.templates or template in self.templates)


class NotifyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    channel: tuple[ChannelFile, ...] = ()
    # tries of one message by one channel, and wall seconds before the second; each further twice
    tries: Annotated[int, msgspec.Meta(ge=1, le=10)] = 4
    wait_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 1.0


# without a file every message stands on the page
DEFAULT = NotifyFile(channel=(ChannelFile(name="page", kind="page"),))


def _outside(value: str, channel: str, key: str) -> str:
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    found = os.environ.get(name)
    if found is None:
        raise BadNotify(
            file=FILE, key=f"{channel}.{key}", problem=f"the environment has no variable {name}"
        )
    return found


# what may be written, by a piece of the complaint; values are not repeated, they may be secret
_INSTEAD = {
    "unknown field": "the keys are " + ", ".join(ChannelFile.__struct_fields__),
    "enum": 'write a kind of page, mail, webhook or apprise, "starttls", "tls" or "none", en or zh',
    "missing required": "write it",
    "Expected": "write a value of that type",
    "pattern": "write small letters, digits and hyphens",
}


def _instead(text: str) -> str:
    """Return what to write instead of what msgspec complains of."""
    found = (told for piece, told in _INSTEAD.items() if piece in text)
    return next(found, "write a value within these bounds")


_WANTED = {"mail": ("host", "sender", "to"), "webhook": ("url", "key"), "apprise": ("url",)}


def read_settings(data: Path) -> NotifyFile:
    """
    Return the channels of an installation; the page alone when there is no file.

    Raises
    ------
    BadNotify
        The file does not fit; names the key and what to write. Values are not shown.
    """
    file = data / FILE
    if not file.is_file():
        return DEFAULT
    try:
        found = msgspec.convert(tomllib.loads(file.read_text("utf-8")), NotifyFile)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadNotify(file=FILE, key="-", problem=str(error)) from None
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at ")
        problem = f"{text}; {_instead(text)}"
        raise BadNotify(file=FILE, key=where.strip("`") or "-", problem=problem) from None
    for one in found.channel:
        for key in _WANTED.get(one.kind, ()):
            if not getattr(one, key):
                problem = f"a channel of kind {one.kind} needs it"
                raise BadNotify(file=FILE, key=f"{one.name}.{key}", problem=problem)
    return found if found.channel else DEFAULT

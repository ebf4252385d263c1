"""
Photos and signatures beside the log: drawn anew, named by their content, in a folder of the ticket.

Must not keep what a camera adds (place, time, device) nor anything that is no picture.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from dispatcher.domain.ids import TicketId
from dispatcher.errors import BadField, NotFound
from dispatcher.store.backup import DOCUMENTS

FOLDER = DOCUMENTS
# pixels of the longer side, and of the whole before it is even read
_SIDE, _MOST_PIXELS = 1600, 40_000_000
_ID = re.compile(r"^[0-9a-f]{32}\.(png|jpg)$")
# the file in a folder that says whose it is
_OWNER = "ticket"
_KINDS = {"png": "image/png", "jpg": "image/jpeg"}


def keep(data: Path, ticket: TicketId, picture: str) -> str:
    """
    Keep a picture given in base64 and return its id; the same picture is kept once.

    Raises
    ------
    BadField
        It is no PNG or JPEG, or too large.
    """
    try:
        raw = base64.b64decode(picture, validate=True)
    except binascii.Error:
        raise BadField(field="picture", value="…", rule="send PNG or JPEG in base64") from None
    body, suffix = _drawn(raw)
    name = f"{hashlib.sha256(body).hexdigest()[:32]}.{suffix}"
    folder = _folder(data, ticket)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # whose folder it is, for whoever forgets it when its time is over
    _put(folder / _OWNER, ticket.encode())
    _put(folder / name, body)
    return name


def _put(file: Path, body: bytes) -> None:
    """Write a file whole, unless it is there."""
    if not file.exists():
        part = file.with_suffix(".part")
        part.write_bytes(body)
        part.replace(file)


def kept(data: Path) -> Iterator[tuple[TicketId, int]]:
    """Give the tickets that have pictures, and how many."""
    for owner in sorted((data / FOLDER).glob(f"*/{_OWNER}")):
        count = sum(bool(_ID.match(one.name)) for one in owner.parent.iterdir())
        yield TicketId(owner.read_text("utf-8")), count


def forget(data: Path, ticket: TicketId) -> None:
    """Delete all pictures of a ticket; the name of the folder goes last."""
    folder = _folder(data, ticket)
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir(), key=lambda one: one.name == _OWNER):
        file.unlink(missing_ok=True)
    folder.rmdir()


def _drawn(raw: bytes) -> tuple[bytes, str]:
    """Return the picture drawn anew, without anything that is not to be seen."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(raw), formats=("PNG", "JPEG")) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise BadField(
                        field="picture", value=f"{image.size}", rule="send a smaller one"
                    )
                is_photo = image.format == "JPEG"
                image.load()
                plain = image.convert("RGB" if is_photo else "RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise BadField(field="picture", value="…", rule="send PNG or JPEG in base64") from None
    plain.thumbnail((_SIDE, _SIDE))
    out = BytesIO()
    if is_photo:
        plain.save(out, "JPEG", quality=82)
    else:
        plain.save(out, "PNG", optimize=True)
    return out.getvalue(), "jpg" if is_photo else "png"


def read(data: Path, ticket: TicketId, name: str) -> tuple[str, bytes]:
    """Return media type and bytes of a kept picture; `NotFound` when there is none."""
    file = _folder(data, ticket) / name
    if not _ID.match(name) or not file.is_file():
        raise NotFound(what="document", id=name[:64])
    return _KINDS[file.suffix[1:]], file.read_bytes()


def _folder(data: Path, ticket: TicketId) -> Path:
    # ids are the desk's own, but a folder's name must hold none of a path's signs anyway
    return data / FOLDER / hashlib.sha256(ticket.encode()).hexdigest()[:24]

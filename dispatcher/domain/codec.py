"""
Records to JSON and back, exactly: the log and the tables are written with this.

Must not change a value: decoding what was encoded gives an equal record.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from dispatcher.domain.events import EVENT_BY_KIND, Event

T = TypeVar("T")

_encoder = msgspec.json.Encoder(order="deterministic")
_decoders: dict[type, msgspec.json.Decoder[object]] = {}


def to_json(record: object) -> bytes:
    """Return a record as canonical JSON: equal records give equal bytes."""
    return _encoder.encode(record)


def from_json(kind: type[T], data: bytes | str) -> T:
    """
    Return the record of class `kind` that `data` holds.

    Raises
    ------
    msgspec.ValidationError
        The data does not fit the record; the message names the field.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    record = decoder.decode(data)
    assert isinstance(record, kind)  # noqa: S101 — narrows for mypy; the decoder guarantees it
    return record


def event_to_json(event: Event) -> bytes:
    """Return an event's body; its kind is kept beside it."""
    return to_json(event)


def event_from_json(kind: str, data: bytes | str) -> Event:
    """Return the event of the stored `kind`."""
    return from_json(EVENT_BY_KIND[kind], data)

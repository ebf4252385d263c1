"""
One view of one territory's rows with a version: deltas, merged deltas, snapshots, feed.

Lives on the event loop alone. Must not know sockets.
"""

from __future__ import annotations

import secrets
from collections import deque
from typing import Any

import msgspec

from dispatcher.api.live.rows import Row, Rows, coarse, is_of

# deltas that a client may come back to
RING = 256
# items of the human feed a newcomer gets, and that are kept
FEED_SHOWN, FEED_KEPT = 50, 400

_encoder = msgspec.json.Encoder()
_KINDS = ("e", "k", "r")


def text_of(message: dict[str, Any]) -> str:
    """Return a message as the text of a frame."""
    return _encoder.encode(message).decode()


class Topic:
    """
    Rows as one group of clients may see them: everything, cells only, or one engineer's.

    Attributes
    ----------
    epoch
        Changes with every start; versions of another epoch mean nothing.
    v
        Grows by one with every delta.
    """

    def __init__(self, *, engineer: str | None = None, is_coarse: bool = False) -> None:
        self.engineer = engineer
        self.is_coarse = is_coarse
        self.epoch = secrets.token_hex(6)
        self.v = 0
        self._rows: dict[tuple[str, str], Row] = {}
        # the version that last changed a row, rows that are gone among them
        self._changed: dict[tuple[str, str], int] = {}
        self._frame = ""
        # number, version, item
        self._feed: deque[tuple[int, int, dict[str, Any]]] = deque(maxlen=FEED_KEPT)
        self.num_items = 0
        # sockets that send this topic, and when the last one left (monotonic)
        self.num_clients = 0

    def publish(self, rows: Rows, ts: int) -> bool:
        """Take over rows; True when that made a new version."""
        changed = [key for key, row in rows.items() if self._put(key, row)]
        if not changed:
            return False
        self.v += 1
        for key in changed:
            self._changed[key] = self.v
        self._frame = text_of(self._delta(self.v - 1, changed, ts))
        return True

    def _put(self, key: tuple[str, str], row: Row | None) -> bool:
        if row is not None and self.engineer is not None and not is_of(key[0], row, self.engineer):
            row = None
        if row is None:
            return self._rows.pop(key, None) is not None
        shown = coarse(key[0], row) if self.is_coarse else row
        if self._rows.get(key) == shown:
            return False
        self._rows[key] = shown
        return True

    def _delta(self, since: int, keys: list[tuple[str, str]], ts: int) -> dict[str, Any]:
        lists: dict[str, list[Row]] = {kind: [] for kind in _KINDS}
        for key in keys:
            lists[key[0]].append(self._rows.get(key, [key[1]]))
        return {"t": "d", "pv": since, "v": self.v, "ts": ts, **lists}

    def since(self, v: int, ts: int) -> str:
        """Return the frame that brings a client from version `v` to now."""
        if v == self.v - 1 and self._frame:
            return self._frame
        return text_of(self._delta(v, [k for k, at in self._changed.items() if at > v], ts))

    def can_resume(self, epoch: str, v: int) -> bool:
        """Tell whether a client that knows version `v` needs no snapshot."""
        return epoch == self.epoch and max(0, self.v - RING) <= v <= self.v

    def snapshot(self, ts: int, speed: float, cfg: dict[str, Any]) -> str:
        """Return the frame with everything."""
        lists: dict[str, list[Row]] = {kind: [] for kind in _KINDS}
        for (kind, _), row in self._rows.items():
            lists[kind].append(row)
        head = {"t": "snap", "epoch": self.epoch, "v": self.v, "ts": ts, "speed": speed}
        return text_of({**head, **lists, "cfg": cfg})

    def trim(self) -> None:
        """Forget rows that went before the ring begins."""
        oldest = self.v - RING
        for key in [k for k, at in self._changed.items() if at < oldest and k not in self._rows]:
            del self._changed[key]

    def tell(self, items: list[dict[str, Any]]) -> bool:
        """Add items to the human feed; True when somebody here may read one."""
        mine = [one for one in items if self._may_read(one)]
        for one in mine:
            self.num_items += 1
            self._feed.append((self.num_items, self.v, one))
        return bool(mine)

    def _may_read(self, item: dict[str, Any]) -> bool:
        return self.engineer is None or self.engineer in item["_of"]

    def feed(self, after: int) -> str | None:
        """Return the frame with the feed's items above a number; None when there is none."""
        items = [one for number, _, one in self._feed if number > after]
        return self._feed_frame(items)

    def feed_of_newcomer(self) -> str | None:
        """Return the frame with the last items of the feed."""
        return self._feed_frame([one for _, _, one in self._feed][-FEED_SHOWN:])

    def seen_at(self, v: int) -> int:
        """Return the number of the last item that a client at version `v` has seen."""
        return max((number for number, at, _ in self._feed if at <= v), default=0)

    def _feed_frame(self, items: list[dict[str, Any]]) -> str | None:
        if not items:
            return None
        shown = [{k: value for k, value in one.items() if k != "_of"} for one in items]
        return text_of({"t": "ev", "v": self.v, "items": shown})

"""
One message by one channel, tried again a few times with growing waits.

Must not decide who gets what; the settings do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.errors import DispatcherError, NotSent
from dispatcher.notify.channels import CHANNELS
from dispatcher.notify.message import Message
from dispatcher.notify.settings import ChannelFile, NotifyFile

logger = logging.getLogger(__name__)

# these do not become better by waiting
_FINAL = frozenset(
    {"by_hand", "no_number", "no_address", "apprise_not_installed", "address_not_understood"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a message by one channel."""

    channel: str
    is_delivered: bool
    tries: int
    # why it was given up, as a code; never an address
    problem: str = ""


def send(
    message: Message,
    settings: NotifyFile,
    *,
    now: Callable[[], int],
    sleep: Callable[[float], object],
) -> list[Outcome]:
    """Send a message by every channel that takes it and return what became of each."""
    taken = [one for one in settings.channel if one.takes(message.template, message.audience)]
    return [_by(one, message, settings, now, sleep) for one in taken]


def _by(
    file: ChannelFile,
    message: Message,
    settings: NotifyFile,
    now: Callable[[], int],
    sleep: Callable[[float], object],
) -> Outcome:
    problem = ""
    for number in range(1, settings.tries + 1):
        try:
            CHANNELS[file.kind](file).send(message, now())
        except NotSent as error:
            problem = str(error.facts["problem"])
        except DispatcherError as error:
            problem = error.code()
        else:
            _note(file, message, number, "")
            return Outcome(channel=file.name, is_delivered=True, tries=number)
        if problem in _FINAL or problem == "bad_notify" or number == settings.tries:
            break
        sleep(settings.wait_s * 2 ** (number - 1))
    _note(file, message, number, problem)
    return Outcome(channel=file.name, is_delivered=False, tries=number, problem=problem)


def _note(file: ChannelFile, message: Message, tries: int, problem: str) -> None:
    logger.info(
        "notice",
        extra={
            "action": "notice",
            "channel": file.name,
            "template": message.template,
            "ticket": message.ticket,
            "tries": tries,
            "problem": problem,
        },
    )

"""
The messages of open tasks: a thread sends what nobody has sent, and the log keeps what became of each.

Told from the documents, not from memory: after a restart it goes on where it was. A message may go out
twice when a process dies between sending and writing; it has the same id then. Must not word anything.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

from dispatcher.api.house import House
from dispatcher.api.live.feed import clock_words
from dispatcher.api.mirror import Mirror
from dispatcher.api.views import labelled
from dispatcher.desk.command import decide as commands
from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.ruling import Context
from dispatcher.domain.duty import ESCALATION, Duty
from dispatcher.domain.ids import ActorId
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import DispatcherError
from dispatcher.notify.message import Message, compose
from dispatcher.notify.sending import Outcome, send
from dispatcher.notify.settings import NotifyFile, read_settings
from dispatcher.store import Decision, Request, StoreDocs
from dispatcher.texts import Lang
from dispatcher.units import wall_clock

logger = logging.getLogger(__name__)

# wall seconds between two looks
_PAUSE_S = 2.0
# desk seconds for which one process has a message in hand
_CLAIM_S = 600
_ACTOR = ActorId("notify")


class Notifier:
    """One thread a process."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._settings: NotifyFile = read_settings(house.settings.data)
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the message under way."""
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(_PAUSE_S):
            try:
                self.look()
            except DispatcherError as error:
                # the store is closing or does not answer
                logger.warning("notices wait", extra={"action": "notices", "error": error.code()})
            except Exception:
                logger.exception("notices fail", extra={"action": "notices"})

    def look(self) -> int:
        """Send what waits now and return how many messages that were."""
        sent = 0
        for mirror in self._house.mirrors():
            for ticket, duty in list(_waiting(mirror)):
                if self._stop.is_set():
                    return sent
                sent += self._tell(mirror, ticket, duty)
            for ticket, duty, role in list(_escalated(mirror)):
                # without a channel to the role its list of tasks has told it already
                if self._reaches(role) and not self._stop.is_set():
                    sent += self._tell(mirror, ticket, duty, role)
        return sent

    def _reaches(self, role: str) -> bool:
        return any(
            one.kind != "page" and one.takes(ESCALATION, role) for one in self._settings.channel
        )

    def _tell(self, mirror: Mirror, ticket: Ticket, duty: Duty, role: str = "") -> bool:
        now = self._house.clock.now()
        claim = f"notice:{ticket.id}:{duty.task}{'>' + role if role else ''}:{now // _CLAIM_S}"
        if not self._claim(ticket, claim, now):
            return False
        message = (
            self._warning(mirror, ticket, duty, role)
            if role
            else self._message(mirror, ticket, duty)
        )
        outcomes = send(message, self._settings, now=wall_clock, sleep=self._stop.wait)
        for one in outcomes or [
            Outcome(channel="-", is_delivered=False, tries=0, problem="nobody")
        ]:
            self._write(ticket, duty, message, one)
        mirror.catch_up()
        return True

    def _claim(self, ticket: Ticket, key: str, now: int) -> bool:
        """Take a message in hand; False when another process has it."""
        request = Request(
            actor=_ACTOR, territory=ticket.territory, now=now, key=key, request_hash=key
        )
        receipt = self._house.store.commit(request, lambda _docs: Decision(events=()))
        return not receipt.replayed

    def _message(self, mirror: Mirror, ticket: Ticket, duty: Duty) -> Message:
        with mirror.reading() as docs:
            person = docs.engineers.get(ticket.engineer) if ticket.engineer else None
        site = mirror.site_of(ticket)
        lang: Lang = self._house.settings.language
        told_at = ticket.promised_at
        return compose(
            duty.notice,
            id=f"{ticket.id}/{duty.task}",
            ticket=ticket.id,
            lang=lang,
            owner=duty.role,
            phone=site.phone if site else "",
            email=site.email if site else "",
            when=clock_words(mirror, told_at) if told_at else "–",
            engineer=person.name if person else "–",
        )

    def _warning(self, mirror: Mirror, ticket: Ticket, duty: Duty, role: str) -> Message:
        """Return the message to a role that hears of a task because it was not done."""
        lang: Lang = self._house.settings.language
        return compose(
            ESCALATION,
            id=f"{ticket.id}/{duty.task}>{role}",
            ticket=ticket.id,
            lang=lang,
            owner=role,
            task=labelled("task", [duty.name], lang)[0]["label"],
            when=clock_words(mirror, duty.due_at),
        )

    def _write(self, ticket: Ticket, duty: Duty, message: Message, one: Outcome) -> None:
        now = self._house.clock.now()
        wish = w.NoteNotice(
            ticket=ticket.id,
            template=message.template,
            task=duty.task,
            audience=message.audience,
            channel=one.channel,
            is_delivered=one.is_delivered,
            tries=one.tries,
            problem=one.problem,
        )
        context = Context(now=now, policy=self._house.policy, role="service", actor=_ACTOR)

        def decide(docs: StoreDocs) -> Decision:
            decided = commands.decide(wish, docs, context)
            return Decision(events=tuple((event, now) for event in decided.events))

        key = f"told:{message.id}:{one.channel}:{now}"
        request = Request(
            actor=_ACTOR, territory=ticket.territory, now=now, key=key, request_hash=key
        )
        self._house.store.commit(request, decide)


def _waiting(mirror: Mirror) -> Iterator[tuple[Ticket, Duty]]:
    """Give the open tasks whose message nobody has sent."""
    with mirror.reading() as docs:
        tickets = list(docs.tickets.values())
    for ticket in tickets:
        for duty in ticket.duties:
            if duty.notice and not duty.is_told:
                yield ticket, duty


def _escalated(mirror: Mirror) -> Iterator[tuple[Ticket, Duty, str]]:
    """Give the open tasks that went to another role besides, where nobody has written to it."""
    with mirror.reading() as docs:
        tickets = list(docs.tickets.values())
    for ticket in tickets:
        for duty in ticket.duties:
            for role in duty.escalated:
                if role not in duty.warned:
                    yield ticket, duty, role

"""
Ways out: the page, e-mail, a signed webhook, and the wide set of services that apprise covers.

A channel either delivers or raises `NotSent` with a code. Must not log an address, a text or a secret.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import smtplib
import ssl
import warnings
from collections.abc import Callable
from email.message import EmailMessage
from hashlib import sha256
from typing import Final, Protocol
from urllib.parse import quote

import httpx

from dispatcher.errors import NotSent
from dispatcher.notify.message import Message
from dispatcher.notify.settings import ChannelFile

logger = logging.getLogger(__name__)

# wall seconds one try may take
TIMEOUT_S: Final = 10.0


class Channel(Protocol):
    """One way out."""

    def send(self, message: Message, at: int) -> None:
        """Deliver, or raise `NotSent`; `at` is the wall's epoch seconds."""
        ...


class Page:
    """Nothing goes out: the message stands on the desk's page, for somebody to read out."""

    def __init__(self, file: ChannelFile) -> None:
        del file

    def send(self, message: Message, at: int) -> None:
        """Write one line without the text, and leave the telling to a person."""
        del at
        logger.info(
            "notice shown",
            extra={"action": "notice", "template": message.template, "ticket": message.ticket},
        )
        raise NotSent(channel="page", problem="by_hand")


class Mail:
    """E-mail by SMTP, with STARTTLS or TLS."""

    def __init__(self, file: ChannelFile) -> None:
        self._file = file

    def send(self, message: Message, at: int) -> None:
        """Send one mail to the addresses of the channel; ``{email}`` becomes the customer's."""
        del at
        to = [one.replace("{email}", message.email) for one in self._file.to]
        if not all(to):
            raise NotSent(channel=self._file.name, problem="no_address")
        mail = EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = self._file.sender
        mail["To"] = ", ".join(to)
        mail["Message-ID"] = f"<{sha256(message.id.encode()).hexdigest()[:32]}@dispatcher>"
        mail.set_content(message.body)
        try:
            with self._open() as server:
                if self._file.user:
                    server.login(self._file.user, self._file.secret())
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(channel=self._file.name, problem=type(error).__name__) from None

    def _open(self) -> smtplib.SMTP:
        host, port = self._file.host, self._file.port or 587
        context = ssl.create_default_context()
        if self._file.tls == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        if self._file.tls == "starttls":
            server.starttls(context=context)
        return server


def signature(secret: str, id: str, at: int, body: bytes) -> str:  # noqa: A002 — the standard's word
    """
    Return the signature of a webhook, ``v1,…``.

    References
    ----------
    .. [1] Standard Webhooks 1.0: HMAC-SHA256 over ``id.timestamp.body``, base64.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{id}.{at}.".encode() + body, sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class Webhook:
    """A signed POST with ids and the text; whom to reach the receiver asks the desk for."""

    def __init__(self, file: ChannelFile) -> None:
        self._file = file

    def send(self, message: Message, at: int) -> None:
        """Post once; whatever is not a success may be tried again."""
        told = {
            "type": f"notice.{message.template}",
            "ticket": message.ticket,
            "audience": message.audience,
            "lang": message.lang,
            "subject": message.subject,
            "text": message.body,
        }
        body = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(self._file.secret(), message.id, at, body),
        }
        try:
            answer = httpx.post(
                self._file.address(),
                content=body,
                headers=headers,
                timeout=TIMEOUT_S,
                follow_redirects=False,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotSent(channel=self._file.name, problem=type(error).__name__) from None
        if not answer.is_success:
            raise NotSent(channel=self._file.name, problem=f"http_{answer.status_code}")


class Apprise:
    """Chat, SMS and push services by their apprise address: WeCom, DingTalk, Slack, Twilio …"""

    def __init__(self, file: ChannelFile) -> None:
        self._file = file

    def send(self, message: Message, at: int) -> None:
        """Send once; ``{phone}`` in the address becomes the customer's number."""
        del at
        address = self._address(message)
        # its own lines of the log name addresses
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            # what it leans on is older than it is
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                import apprise  # noqa: PLC0415 — optional, and slow to read
            except ImportError:
                raise NotSent(channel=self._file.name, problem="apprise_not_installed") from None
            service = apprise.Apprise()
            if not service.add(address):
                raise NotSent(channel=self._file.name, problem="address_not_understood")
            if not service.notify(body=message.body, title=message.subject):
                raise NotSent(channel=self._file.name, problem="refused")

    def _address(self, message: Message) -> str:
        address = self._file.address()
        if "{phone}" not in address:
            return address
        digits = "".join(c for c in message.phone if c.isdigit())
        if not digits:
            raise NotSent(channel=self._file.name, problem="no_number")
        return address.replace("{phone}", quote(digits))


# adding a channel is a class and a row
CHANNELS: Final[dict[str, Callable[[ChannelFile], Channel]]] = {
    "page": Page,
    "mail": Mail,
    "webhook": Webhook,
    "apprise": Apprise,
}

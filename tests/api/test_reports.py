"""Reports by the doors: who reads what, periods, pages, files, and the way down to the facts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from openpyxl import load_workbook

from dispatcher.api import clockdays
from dispatcher.api.access import Role
from dispatcher.api.reporting import Books, Region
from dispatcher.reports import BY_NAME, REPORTS, Done, Ran, span_now, span_of
from tests.api.desk import HOME, Desk, running

WHERE = {"territory": HOME}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory):
    """A desk with four repairs: one again after a dispute, one with a mark, one complaint."""
    with running(tmp_path_factory.mktemp("reports")) as desk:
        tickets = [_repair(desk) for _ in range(3)]
        boss = desk.client()
        desk.prove(tickets[0])
        assert boss.post(f"/tickets/{tickets[0]}/customer-accept", json={}).is_success
        mark = {"satisfaction": 5, "remark": "quick"}
        assert boss.post(f"/tickets/{tickets[0]}/call-back", json=mark).is_success
        no = {"reason": "still jams"}
        assert boss.post(f"/tickets/{tickets[1]}/dispute", json=no).is_success
        desk.ticket()
        yield desk, tickets


def _repair(desk: Desk) -> str:
    ticket, engineer = desk.dispatched()
    for step in ("accept", "depart", "arrive", "finish"):
        desk.prove(ticket)
        body = {"found": "fan", "done": "new fan"} if step == "finish" else {}
        answer = desk.client("engineer", engineer).post(f"/visits/{ticket}/{step}", json=body)
        assert answer.is_success, answer.text
    return ticket


def report(desk: Desk, name: str, **query: Any) -> dict[str, Any]:
    answer = desk.client().get(f"/reports/{name}", params={**WHERE, **query})
    assert answer.is_success, answer.text
    return answer.json()


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_role_reads_its_reports_and_no_others(month, role: str) -> None:
    """The list names them; any other is refused."""
    desk, _ = month
    me = "E001" if role == "engineer" else None
    answer = desk.client(role, me).get("/reports", params=WHERE)
    if role in {"engineer", "service"}:
        assert answer.status_code == 403
        return
    mine = {one["name"] for one in answer.json()["items"]}
    assert mine == {one.name for one in REPORTS if role in one.roles}
    for one in REPORTS:
        got = desk.client(role).get(f"/reports/{one.name}", params=WHERE)
        assert got.status_code == (200 if one.name in mine else 403), got.text
    assert desk.client(role).get("/reports/none", params=WHERE).status_code == 404


def test_figures_follow_the_facts(month) -> None:
    """Two of three repairs stand; the disputed one is open again and counts nowhere."""
    desk, tickets = month
    found = {line["id"]: line for line in report(desk, "first_fix")["items"]}
    assert found["all"]["cells"]["finished"] == 2
    assert found["all"]["cells"]["first_share"] == 1.0
    assert found["all"]["words"] == {"category": "all"}
    happy = {line["id"]: line for line in report(desk, "satisfaction")["items"]}
    assert happy["all"]["cells"]["mark"] == 5.0
    sla = {line["cells"]["clock"]: line["cells"] for line in report(desk, "sla")["items"]}
    # four tickets were reported and triaged at once; the arrivals were in time
    assert sla["triage"]["met"] == 4
    assert sla["arrive"]["met"] == 3
    lots = report(desk, "supervision")["items"]
    assert {line["cells"]["ticket"] for line in lots} == {tickets[0], tickets[2]}


def test_every_figure_leads_down_to_its_facts(month) -> None:
    """Whatever is proven by a line gives tickets with facts, as many as it says."""
    desk, tickets = month
    for one in REPORTS:
        for line in report(desk, one.name)["items"]:
            for column in line["proven"]:
                query = {**WHERE, "line": line["id"], "column": column}
                answer = desk.client().get(f"/reports/{one.name}/facts", params=query)
                proof = answer.json()
                assert proof["total"] > 0, (one.name, line["id"], column)
                assert all(item["items"] for item in proof["items"])
    query = {**WHERE, "line": "all", "column": "satisfied"}
    proof = desk.client().get("/reports/satisfaction/facts", params=query).json()
    assert [item["ticket"] for item in proof["items"]] == [tickets[0]]
    kinds = [entry["kind"] for entry in proof["items"][0]["items"]]
    assert {"work_finished", "customer_called_back"} <= set(kinds)


# numbers of manuals, the standard, a share of times, names of the fixture and of the demand
NAMES = re.compile(
    r"M[0-4]\b|P\d+|\b(?:Engineer E\d+|Ops|Eng|Auto|PV|GB/T|E\d+|reykjavik-\d+|printer|PO-\d+)"
    r"|Reykjavík|Laugavegur|supervisor|engineer:"
)


def english(cells: Iterable[object]) -> set[str]:
    """Return the words in Latin letters that are no names."""
    told = " | ".join(str(cell) for cell in cells if cell is not None)
    return set(re.findall("[A-Za-z]{2,}", NAMES.sub("", told)))


def test_no_report_has_english_words_in_chinese(month) -> None:
    """Names, clauses, places and kinds of facts in every answer, and in every file."""
    desk, _ = month
    lang = {"Accept-Language": "zh"}
    client = desk.client()
    listed = client.get("/reports", params=WHERE, headers=lang).json()["items"]
    assert english(one[k] for one in listed for k in ("label", "about", "clause")) == set()
    for one in REPORTS:
        path = f"/reports/{one.name}"
        shown = client.get(path, params={**WHERE, "limit": 500}, headers=lang).json()
        assert english(column["label"] for column in shown["columns"]) == set(), one.name
        texts = {c["name"] for c in shown["columns"] if c["kind"] in {"word", "text"}}
        cells = [
            line["words"].get(name, line["cells"].get(name))
            for line in shown["items"]
            for name in texts
        ]
        assert english(cells) == set(), one.name
        for form in ("csv", "xlsx"):
            answer = client.get(path, params={**WHERE, "format": form}, headers=lang)
            rows = list(table(answer.content, form))
            assert rows, one.name
            assert english(cell for row in rows for cell in row) == set(), (one.name, form)
    evidence = client.get("/reports/evidence", params=WHERE, headers=lang).json()["items"]
    assert evidence[0]["words"]["where"] == "服务方案"
    assert "一次修复率、周报" in {line["words"].get("where") for line in evidence}


def test_no_ledger_has_english_words_in_chinese(month) -> None:
    """Headings, states and coded cells of every ledger as a file."""
    desk, _ = month
    lang = {"Accept-Language": "zh"}
    listed = desk.client().get("/ledgers", params=WHERE, headers=lang).json()["items"]
    assert len(listed) > 8
    for one in listed:
        path = f"/ledgers/{one['name']}/export"
        for form in ("csv", "xlsx"):
            answer = desk.client().get(path, params={**WHERE, "form": form}, headers=lang)
            rows = list(table(answer.content, form))
            assert english(cell for row in rows for cell in row) == set(), (one["name"], form)


def table(content: bytes, form: str) -> Iterator[Sequence[object]]:
    """Yield the rows of a file, the headings first."""
    if form == "csv":
        yield from csv.reader(io.StringIO(content.decode("utf-8-sig")))
        return
    yield from load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)


def test_report_of_another_period_is_empty(month) -> None:
    """Weeks, months and years by name; a wrong name is told with the forms."""
    desk, _ = month
    assert report(desk, "first_fix", period="2001-02")["total"] == 0
    year = span_now("year", desk.now(), "UTC").name
    assert report(desk, "first_fix", period=year)["total"] == 2
    wrong = desk.client().get("/reports/sla", params={**WHERE, "period": "soon"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_field")
    query = {**WHERE, "line": "no such"}
    lost = desk.client().get("/reports/sla/facts", params=query)
    assert (lost.status_code, lost.json()["code"]) == (422, "bad_field")


def test_lines_come_in_pages(month) -> None:
    """`next` leads through all lines once."""
    desk, _ = month
    ids, offset = [], 0
    while offset is not None:
        part = report(desk, "evidence", limit=7, offset=offset)
        ids += [line["id"] for line in part["items"]]
        offset = part["next"]
    assert len(ids) == len(set(ids)) == part["total"] == len(list(_topics()))


def _topics():
    from dispatcher.reports.evidence import TOPICS

    return [kind for topic in TOPICS for kind in topic.kinds]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", BY_NAME)
def test_files_have_the_same_lines(month, name: str, lang: str) -> None:
    """CSV and XLSX: a heading a column, a row a line, in the language asked for."""
    desk, _ = month
    whole = report(desk, name)
    text = desk.client().get(f"/reports/{name}", params={**WHERE, "format": "csv", "lang": lang})
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"{name}-{whole['period']}.csv" in text.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"))))
    assert len(rows) == whole["total"] + 1
    assert len(rows[0]) == len(whole["columns"])
    assert any("\u4e00" <= c <= "\u9fff" for c in "".join(rows[0])) == (lang == "zh")
    book = desk.client().get(f"/reports/{name}", params={**WHERE, "format": "xlsx", "lang": lang})
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert sheet.max_row == whole["total"] + 1
    assert [cell.value for cell in sheet[1]] == rows[0]


def test_reports_begin_empty(tmp_path: Path) -> None:
    """A desk without tickets shows no figure and no error."""
    with running(tmp_path) as desk:
        for one in REPORTS:
            shown = report(desk, one.name)
            assert not any(line["proven"] for line in shown["items"]), one.name


def _named(proof) -> list[str]:
    return [one["ticket"] for one in proof["items"]]


def _pages(desk, picked) -> list[str]:
    """Return the tickets behind a figure of two areas, asked for one by one."""
    where = [(name, desk.house.mirror(name).docs.territory().zone) for name in (HOME, "north")]
    spans = [(name, span_now("year", desk.now(), zone)) for name, zone in where]
    both = Region(tuple(Books(desk.house, name, span) for name, span in spans))
    found: list[str] = []
    while True:
        some, total = both.tickets_of(picked, len(found), 1)
        if not some:
            assert len(found) == total
            return sorted(found)
        found += some


@pytest.mark.slow
def test_areas_roll_up_for_whoever_may_see_them(tmp_path: Path) -> None:
    """R88, M2 Eng 2.1: a director reads all areas as one, an area manager the own ones, an engineer none."""
    with running(tmp_path) as desk:
        _repair(desk)
        boss = desk.client()
        north = {"id": "north", "name": "North", "city": HOME, "zone": "UTC"}
        assert boss.post("/territories", json=north).is_success
        for _ in range(2):
            answer = boss.post("/tickets", json={**desk.request(), "territory": "north"})
            assert answer.is_success, answer.text
        counted = {}
        for name, query in (
            ("home", {}),
            ("north", {"territory": "north"}),
            ("all", {"rollup": True}),
        ):
            lines = report(desk, "sla", **query)["items"]
            counted[name] = {x["cells"]["clock"]: x["cells"]["met"] for x in lines}["triage"]
        assert counted == {"home": 1, "north": 2, "all": 3}
        query = {**WHERE, "rollup": True, "line": "triage/M3 3(1)", "column": "met"}
        proof = boss.get("/reports/sla/facts", params=query).json()
        assert proof["total"] == 3
        assert _pages(desk, Ran("triage", "M3 3(1)", "met")) == sorted(_named(proof))
        # a repair of one area is the only one of both
        lines = report(desk, "first_fix", rollup=True)["items"]
        assert [x["cells"]["finished"] for x in lines if x["is_total"]] == [1]
        assert len(_pages(desk, Done("repaired"))) == 1
        manager = desk.area("supervisor", HOME)
        lines = manager.get("/reports/sla", params={**WHERE, "rollup": True}).json()["items"]
        assert {x["cells"]["clock"]: x["cells"]["met"] for x in lines}["triage"] == 1
        assert manager.get("/reports/sla", params={"territory": "north"}).status_code in {403, 404}


def test_days_of_clocks_are_what_each_ticket_says(month) -> None:
    """Tickets that are over and those that run: the sums, and the way down, page by page."""
    desk, _ = month
    boss = desk.client()
    for _ in range(2):
        over = desk.ticket()
        assert boss.post(f"/tickets/{over}/cancel", json={"reason": "no need"}).is_success
        done = _repair(desk)
        desk.prove(done)
        assert boss.post(f"/tickets/{done}/customer-accept", json={}).is_success
        desk.prove(done)
        assert boss.post(f"/tickets/{done}/call-back", json={"satisfaction": 4}).is_success
        desk.prove(done)
        closed = boss.post(f"/tickets/{done}/close", json={})
        assert closed.is_success, closed.text
    report(desk, "sla")
    house, now = desk.house, desk.now()
    home = house.mirror(HOME).docs.territory()
    span = span_of(span_now("year", now, home.zone).name, home.zone)
    tickets = house.store.tickets(sort="reported", limit=200).items
    assert {"closed", "cancelled", "triaged"} <= {one.status.value for one in tickets}
    told: dict[tuple[str, str, str], list[str]] = {}
    for one in tickets:
        for run in clockdays.runs_of(house.policy, one, home, now):
            told.setdefault((run.clock, run.clause, run.state_at(now)), []).append(one.id)
    found = {
        (one.clock, one.clause, state): getattr(one, state)
        for one in clockdays.clock_sums(house, HOME, span, now)
        for state in ("met", "breached", "open")
    }
    assert {key: count for key, count in found.items() if count} == {
        key: len(names) for key, names in told.items()
    }
    for (clock, clause, state), names in told.items():
        ran, mine = Ran(clock, clause, state), []
        while True:
            some, total = clockdays.tickets_of(house, HOME, span, ran, now, len(mine), 2)
            assert total == len(names)
            mine += some
            if len(mine) >= total:
                break
        assert sorted(mine) == sorted(names), ran
    # a changed day table makes them anew
    mark = house.store.clock_days.mark(HOME)
    assert mark.version == clockdays.version_of(home)
    assert mark.version != clockdays.version_of(replace(home, zone="Asia/Shanghai"))


def test_every_clock_tells_its_share_and_how_much_of_its_promise_it_used(desk: Desk) -> None:
    """Counted a second way from the tickets themselves, those of old days and those that still run."""
    boss, engineer = desk.client(), desk.engineer()
    names = [desk.ticket() for _ in range(3)]
    desk.plan((engineer, names[:1]))
    for name in names:
        boss.post(f"/tickets/{name}/contacts", json={"purpose": "reply"})
    boss.post(f"/tickets/{names[2]}/cancel", json={"reason": "sold"})
    house, now = desk.house, desk.now()
    home = house.mirror(HOME).docs.territory()
    told = boss.get("/ledgers/clocks/use", params={"territory": HOME}).json()
    runs: dict[str, list[clockdays.Run]] = {}
    for one in house.store.snapshot(HOME).tickets.values():
        for run in clockdays.runs_of(house.policy, one, home, now):
            runs.setdefault(run.clock, []).append(run)
    found = {one["clock"]: one for one in told["items"]}
    assert set(found) == set(runs) >= {"triage", "response", "reply", "arrive", "fix"}
    for clock, mine in runs.items():
        one, states = found[clock], [run.state_at(now) for run in mine]
        met, late = states.count("met"), states.count("breached")
        assert (one["met"], one["breached"], one["open"]) == (met, late, states.count("open"))
        assert one["kept"] == (round(met / (met + late), 4) if met + late else None)
        took = sorted(run.took_s for run in mine if run.took_s is not None)
        assert one["stopped"] == len(took)
        if not took:
            assert one["used_s"] == one["used_percent"] == {"p50": None, "p90": None, "p95": None}
            continue
        assert one["used_s"]["p50"] == round(median(took))
        assert one["used_s"]["p90"] <= one["used_s"]["p95"] <= took[-1]
        # a run is late exactly when it used more than all of its promise
        assert all((run.used > 1000) <= (run.state == "breached") for run in mine if run.used)
        assert (
            max(run.used for run in mine if run.used is not None) // 10 + 1
            >= (one["used_percent"]["p95"])
        )
    later = {"territory": HOME, "from_at": now + 3 * 86_400}
    assert boss.get("/ledgers/clocks/use", params=later).json()["items"] == []
    assert (
        desk.client("engineer", engineer).get("/ledgers/clocks/use", params=later).status_code
        == 403
    )

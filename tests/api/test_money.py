"""Coverage, fee draft and estimate at the doors."""

from __future__ import annotations

from tests.api.desk import HOME, LAUGAVEGUR, Desk

YEAR = 365 * 86_400


def fixture(desk: Desk, serial: str, age_s: int, **fields: object) -> str:
    """Return a ticket about a thing that was installed so long ago."""
    place = {"name": "Jón Jónsson", "lat": LAUGAVEGUR[0], "lon": LAUGAVEGUR[1]}
    body = {"territory": HOME, "serial": serial, "model": "PX-200", "place": place}
    body |= {"installed_at": desk.now() - age_s, **fields}
    assert desk.client().post("/assets", json=body).status_code == 201
    return desk.ticket(asset=serial, duration_s=3600)


def test_coverage_tells_who_pays_and_why(desk: Desk) -> None:
    """R60, R61, R62: each line has its charge, a sentence and a clause, in both languages."""
    ticket = fixture(desk, "COV-1", 30 * 86_400)
    told = desk.client().get(f"/tickets/{ticket}/coverage").json()
    assert [(one["kind"], one["charge"]) for one in told["lines"]] == [
        ("labour", "free"),
        ("call_out", "free"),
    ]
    assert (told["total_cents"], told["is_chargeable"], told["asset"]) == (0, False, "COV-1")
    assert told["lines"][0]["clause"] == "M4, 12 months"
    chinese = {"Accept-Language": "zh"}
    why = desk.client().get(f"/tickets/{ticket}/coverage", headers=chinese).json()["lines"][0]
    assert why["why"]["text"].startswith("保修期内")
    assert why["clause"] == "M4，12 个月"


def test_fee_is_drafted_by_the_price_list(desk: Desk) -> None:
    """R64: items become lines with amounts; what has no price is refused, goodwill is a right."""
    ticket = fixture(desk, "COV-2", 2 * YEAR)
    boss = desk.client()
    items = [{"kind": "labour", "quantity": 61}, {"kind": "part", "name": "fan", "quantity": 2}]
    done = boss.post(f"/tickets/{ticket}/fee", json={"items": items})
    assert done.status_code == 200, done.text
    told = boss.get(f"/tickets/{ticket}/coverage").json()
    # three begun half hours at 12000 an hour, two fans at 12000
    assert (told["total_cents"], told["currency"]) == (18_000 + 24_000, "CNY")
    unknown = {"items": [{"kind": "part", "name": "gold_screw"}]}
    refused = boss.post(f"/tickets/{ticket}/fee", json=unknown)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_field")
    assert "gold_screw" in refused.json()["detail"]
    priced = {"items": [{"kind": "part", "name": "gold_screw", "price_cents": 5}]}
    assert boss.post(f"/tickets/{ticket}/fee", json=priced).status_code == 200
    gift = {"items": [{"kind": "call_out", "goodwill": "waited twice"}]}
    office = desk.client("customer-service")
    assert office.post(f"/tickets/{ticket}/fee", json=gift).status_code == 422
    assert boss.post(f"/tickets/{ticket}/fee", json=gift).status_code == 200
    line = boss.get(f"/tickets/{ticket}/coverage").json()["lines"][0]
    assert (line["charge"], line["due_cents"]) == ("other", 0)


def test_estimate_prints_without_the_person(desk: Desk) -> None:
    """R33: the amount range stands on a page of its own; no name, no phone; markup is escaped."""
    ticket = fixture(desk, "COV-3", 2 * YEAR)
    items = [{"kind": "other", "name": "<b>disposal</b>", "price_cents": 100}]
    desk.client().post(f"/tickets/{ticket}/fee", json={"items": items})
    page = desk.client().get(f"/tickets/{ticket}/estimate", headers={"Accept-Language": "zh"})
    assert page.headers["content-type"].startswith("text/html")
    assert "费用预估单" in page.text
    assert "¥1.00" in page.text
    assert "<b>disposal" not in page.text
    assert "Jón" not in page.text
    assert "555 0123" not in page.text


def test_second_repair_in_a_year_entitles_to_an_exchange(desk: Desk) -> None:
    """R63: earlier tickets of the same asset that were done count as repairs that did not hold."""
    ticket = fixture(desk, "COV-4", 10 * 86_400)
    told = desk.client().get(f"/tickets/{ticket}/coverage").json()
    assert [one["kind"] for one in told["entitlements"]] == ["exchange"]
    assert told["entitlements"][0]["clause"] == "M4 P5-6"


def test_similar_faults_are_told_with_who_mended_them(desk: Desk) -> None:
    """R38, R39, R40: a new ticket finds the old repair by model and words, in Chinese too."""
    boss = desk.client()
    old, who = desk.dispatched()
    for step in ("accept", "depart", "arrive"):
        desk.prove(old, step)
        assert boss.post(f"/visits/{old}/{step}", json={}).status_code == 200
    desk.prove(old, "finish")
    report = {"found": "搓纸轮磨损", "done": "更换搓纸轮"}
    done = boss.post(f"/visits/{old}/finish", json=report)
    assert done.status_code == 200, done.text
    case = {"title": "Pulls no paper", "text": "Look at the roller first, call 13800001234"}
    assert boss.post(f"/tickets/{old}/case", json=case).status_code == 200
    new = desk.ticket(symptom="no paper is pulled")
    told = boss.get(f"/tickets/{new}/similar").json()
    first = next(one for one in told["items"] if one["ticket"] == old)
    assert (first["engineer"], first["done"], first["is_same_model"]) == (who, "更换搓纸轮", True)
    assert "13800001234" not in first["text"]
    found = boss.get("/knowledge", params={"territory": HOME, "q": "搓纸轮"}).json()
    assert old in [one["ticket"] for one in found["items"]]
    assert new not in [one["ticket"] for one in found["items"]]
    assert "PX-200" not in boss.get(f"/tickets/{new}/similar").text
    params = {"territory": HOME}
    assert boss.get("/ledgers/knowledge", params=params).status_code == 403
    for role in ("operations", "read-only"):
        reader = desk.client(role)
        assert reader.get("/knowledge", params={**params, "q": "x"}).status_code == 403


def test_asset_tells_how_it_stands_part_by_part(desk: Desk) -> None:
    """R61-R63, R77: work no longer, the compressor still free; contract, exchange, next visit."""
    boss = desk.client()
    fixture(desk, "STAND-1", 2 * YEAR, contract="maintenance", contract_from_at=desk.now() - YEAR)
    told = boss.get("/assets/STAND-1/coverage").json()
    covers = {(one["kind"], one["part"]): one for one in told["covers"]}
    # the contract covers work and way; the year of the other parts is over, not the three years
    assert covers["labour", ""]["charge"] == "contract"
    assert covers["part", "compressor"]["charge"] == "free"
    assert covers["part", "compressor"]["until"] > covers["part", ""]["until"]
    assert covers["part", ""]["charge"] == "paid"
    assert (told["contract"]["title"], told["contract"]["runs"]) == ("Maintenance", True)
    assert [one["name"] for one in told["rounds"]] == ["quarterly"]
    assert (told["area"], told["entitlements"]) == ("Laugavegur", [])
    chinese = boss.get("/assets/STAND-1/coverage", headers={"Accept-Language": "zh"}).json()
    assert "压缩机" in [one["label"] for one in chinese["covers"]]
    fixture(desk, "STAND-2", 86_400)
    kinds = [one["kind"] for one in boss.get("/assets/STAND-2/coverage").json()["entitlements"]]
    assert kinds == ["refund", "exchange"]
    hidden = desk.client("operations").get("/assets/STAND-1/coverage").json()
    assert (hidden["area"], hidden["covers"][0]["charge"]) == ("", "contract")
    assert boss.get("/assets/STAND-9/coverage").status_code == 404


def test_calendar_of_visits_is_ahead_and_paged(desk: Desk) -> None:
    """R77: the next visit of each calendar within some days, by date, and no further than asked."""
    boss = desk.client()
    for n in range(3):
        from_at = desk.now() - n * 10 * 86_400
        fixture(desk, f"ROUND-{n}", YEAR, contract="full-service", contract_from_at=from_at)
    ask = {"territory": HOME, "contract": "full-service", "days": 400}
    told = boss.get("/rounds", params=ask).json()
    assert told["total"] == 3
    assert [one["asset"] for one in told["items"]] == ["ROUND-2", "ROUND-1", "ROUND-0"]
    page = boss.get("/rounds", params={**ask, "limit": 2}).json()
    rest = boss.get("/rounds", params={**ask, "limit": 2, "after": page["next"]}).json()
    assert ([one["asset"] for one in rest["items"]], rest["next"]) == (["ROUND-0"], None)
    assert boss.get("/rounds", params={**ask, "days": 30}).json()["total"] == 0

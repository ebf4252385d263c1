"""One real demo and one Chromium for all browser tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.dashboard.stage import CHROMIUM, FLAGS, Stage, await_ready, end, launch


@pytest.fixture(autouse=True)
def main_stays() -> Iterator[None]:
    """Streamlit's test runner puts a page in the place of `__main__`, which child processes of later tests read."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


# of the package: its event loop and its load must not outlive this folder
@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Everything a person would have after `make demo`, on ports of its own."""
    if not CHROMIUM and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed; CI has it")
    assert CHROMIUM, "CI needs Chromium"
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)

    process, data, out = launch(tmp_path_factory.mktemp("stage"))
    try:
        url, page_url, token = await_ready(process, data, out)
        headers = {"Authorization": f"Bearer {token}"}
        with (
            httpx.Client(base_url=f"{url}/api/v1", headers=headers, trust_env=False) as admin,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            territory = admin.get("/me").json()["territories"][0]["id"]
            yield Stage(
                data=data,
                url=url,
                page_url=page_url,
                admin=admin,
                territory=territory,
                browser=browser,
            )
            browser.close()
    finally:
        end(process)

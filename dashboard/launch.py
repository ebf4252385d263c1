"""
How the dashboard is started: every Streamlit option it needs, in this one place.

Must not import streamlit; `python -m dashboard` and `dispatcher dashboard` run it as a process.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).with_name("app.py")

# Nothing is sent out or fetched from outside; sources are not watched; only our own words show.
OPTIONS: Final[Mapping[str, str]] = {
    "browser.gatherUsageStats": "false",
    "server.headless": "true",
    "server.showEmailPrompt": "false",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": "10",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "logger.level": "warning",
    "theme.light.primaryColor": "#0b62bd",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f4f6f8",
    "theme.light.textColor": "#17212b",
    "theme.light.borderColor": "#d5dce3",
    "theme.dark.primaryColor": "#2f7bd9",
    "theme.dark.backgroundColor": "#0f1418",
    "theme.dark.secondaryBackgroundColor": "#171d23",
    "theme.dark.textColor": "#e6ebf0",
    "theme.dark.borderColor": "#2b343d",
}


def command(*, address: str = "127.0.0.1", port: int = 8501) -> list[str]:
    """
    Return the command line that serves the dashboard.

    The API's address comes from the environment: `DISPATCHER_API_URL` for this server's own
    requests, `DISPATCHER_API_PUBLIC_URL` for the browser's when it differs.
    """
    options = {**OPTIONS, "server.address": address, "server.port": str(port)}
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(PAGE), *flags]

"""Run the dashboard: ``python -m dashboard [--address A] [--port N]``."""

from __future__ import annotations

import argparse
import os

from dashboard.launch import command


def main() -> None:
    """Become the Streamlit process."""
    parser = argparse.ArgumentParser(prog="python -m dashboard")
    parser.add_argument("--address", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, default=8501)
    wanted = parser.parse_args()
    line = command(address=wanted.address, port=wanted.port)
    os.execv(line[0], line)  # noqa: S606 — our own command line, no shell


if __name__ == "__main__":
    main()

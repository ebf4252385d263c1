"""
The command line: every door of the house as one command, `dispatcher`.

Commands live in the modules beside this one; each registers itself in `COMMANDS` or adds a group.
"""

from __future__ import annotations

import typer

from dispatcher import __version__
from dispatcher.cli.warm import warm

app = typer.Typer(no_args_is_help=True, add_completion=False)
# adding a command is a function in a module of this folder and a row here
COMMANDS = (warm,)
for command in COMMANDS:
    app.command()(command)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line."""
    app()

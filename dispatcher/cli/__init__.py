"""
The command line: every door of the house as one command, `dispatcher`.

Commands live in the modules beside this one; each registers itself in `COMMANDS` or adds a group.
"""

from __future__ import annotations

import typer

from dispatcher import __version__
from dispatcher.cli.bench import bench
from dispatcher.cli.city import city
from dispatcher.cli.plan import plan
from dispatcher.cli.planner import planner
from dispatcher.cli.policy import policy
from dispatcher.cli.serve import serve, tables, token
from dispatcher.cli.simulate import simulate
from dispatcher.cli.speech import tell
from dispatcher.cli.store import backup, check_store, restore
from dispatcher.cli.up import dashboard, demo, up
from dispatcher.cli.warm import warm
from dispatcher.cli.world import world

app = typer.Typer(no_args_is_help=True, add_completion=False)


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


# adding a command is a function in a module of this folder, a row here, and its help in both
# languages under ``cli.NAME_help``
COMMANDS = (
    *(backup, check_store, dashboard, demo, plan, planner, restore, serve, simulate, token, up),
    *(version, warm, world),
)
for command in COMMANDS:
    app.command(help=tell(f"cli.{command.__name__}_help"))(command)
app.add_typer(bench, name="bench")
app.add_typer(city, name="city")
app.add_typer(policy, name="policy")
app.add_typer(tables, name="import")


def main() -> None:
    """Run the command line."""
    app()

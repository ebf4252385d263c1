"""
The command line: every door of the house as one command, `dispatcher`.

Commands live in the modules beside this one and are read when they are asked for, so that a small
command does not wait for the solver's libraries.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, Final

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer.core import TyperCommand, TyperGroup

from dispatcher.cli.speech import tell
from dispatcher.cli.wrong_use import wrong_use

if TYPE_CHECKING:
    # typer brings its own click
    from typer._click.core import Command, Context

# Adding a command is a function in a module of this folder, a row here, and its help in both
# languages under ``cli.NAME_help`` (a dash in the name is an underscore there).
COMMANDS: Final = {
    "backup": "store:backup",
    "bench": "bench:bench",
    "check-store": "store:check_store",
    "city": "city:city",
    "dashboard": "up:dashboard",
    "demo": "up:demo",
    "fairness": "fairness:fairness",
    "import": "tables:tables",
    "notify": "notify:notify",
    "plan": "plan:plan",
    "policy": "policy:policy",
    "quality": "quality:quality",
    "restore": "store:restore",
    "retention": "retention:retention",
    "serve": "up:serve",
    "simulate": "simulate:simulate",
    "token": "token:token",
    "up": "up:up",
    "version": "version:version",
    "warm": "warm:warm",
    # parts of the others, for whoever supervises processes by other means
    "api": "serve:api",
    "planner": "planner:planner",
    "world": "world:world",
}


def _help(name: str) -> str:
    return tell(f"cli.{name.replace('-', '_')}_help")


def _read(name: str) -> Command:
    """Return a command, its module now read."""
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(importlib.import_module(f"dispatcher.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name=name, help=_help(name))(found)
        found = alone
    command = typer.main.get_command(found)
    command.name = name
    return command


class _Commands(TyperGroup):
    """A group whose listing knows the commands' help without reading them."""

    _wanted: str | None = None

    def list_commands(self, ctx: Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Find the command that was asked for."""
        self._wanted = args[0] if args else None
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Return the command that was asked for, or a row of the listing."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        if cmd_name == self._wanted:
            return _read(cmd_name)
        return TyperCommand(cmd_name, help=_help(cmd_name))

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command; say wrong use in the terminal's language."""
        is_alone = extra.pop("standalone_mode", True)
        extra["standalone_mode"] = False
        if not is_alone:
            return super().main(*args, **extra)
        try:
            code = super().main(*args, **extra)
        except UsageError as error:
            if not isinstance(error, NoArgsIsHelpError):
                typer.secho(wrong_use(error), err=True, fg=typer.colors.RED)
            sys.exit(error.exit_code)
        except typer.Abort:
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False)


@app.callback(help=tell("cli.app_help"))
def _house() -> None:
    """Say what the command is for; there is nothing to do yet."""


def main() -> None:
    """Run the command line."""
    app()

"""`firstshift`: the command that the package installs, and the order in which its help lists what it can do."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
import typer.core

from firstshift import __version__
from firstshift.cli import audit, bench, dataset, exchange, images, new, plan, station, synth, workspace
from firstshift.cli.failure import run_command
from firstshift.cli.streams import prepare_streams

ORDER = ("new", "plan", "station", "synth", "import", "images", "dataset", "export", "audit", "workspace", "bench")
"""As a person needs them, from the first day on."""
EXIT_CODES = (
    "Exit codes: 0 done, 1 done and something was found, 2 bad input, 3 refused by a rule, 4 not found, "
    "5 disk or database unavailable, 6 evidence was tampered with, 70 a fault of ours, 130 stopped, "
    "141 nobody reads the output."
)
ENVIRONMENT = (
    "Environment: FIRSTSHIFT_WORKSPACE (where the workspace is), FIRSTSHIFT_ACTOR (who is at work, such as "
    "human:anna), FIRSTSHIFT_DATABASE_PASSWORD, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, NO_COLOR."
)


class House(typer.core.TyperGroup):
    """The outermost group: every way a command can end goes through `run_command`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: self.commands[name] for name in ORDER}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Who types `firstshift preview` is told that it is `firstshift synth preview`."""
        try:
            return super().resolve_command(ctx, args)
        except typer.TyperException as error:
            inner = {
                f"{group} {name}": name for group, one in self.commands.items() for name in getattr(one, "commands", {})
            }
            meant = [words for words, name in inner.items() if difflib.get_close_matches(args[0], [name], cutoff=0.8)]
            said = getattr(error, "message", "")
            if meant and said and "Did you mean" not in said:
                error.message = f"{said.rstrip('.')}. Did you mean {', '.join(repr(words) for words in meant[:3])}?"
            raise

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)

        def work() -> Any:
            return super(House, self).main(
                arguments, prog_name or "firstshift", complete_var, False, windows_expand_args, **extra
            )

        code = run_command(work, arguments)
        if standalone_mode:
            sys.exit(code)
        return code


app = typer.Typer(
    cls=House,
    help="From zero images to a governed visual-inspection model, in the factory's own hands.",
    epilog=f"{EXIT_CODES}\n\n{ENVIRONMENT}",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"firstshift {__version__}")
        raise typer.Exit


@app.callback()
def firstshift(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """From zero images to a governed visual-inspection model, in the factory's own hands."""


new.register(app)
app.add_typer(plan.app, name="plan")
app.add_typer(station.app, name="station")
app.add_typer(synth.app, name="synth")
exchange.register(app)
app.add_typer(images.app, name="images")
app.add_typer(dataset.app, name="dataset")
app.add_typer(audit.app, name="audit")
app.add_typer(workspace.app, name="workspace")
app.add_typer(bench.app, name="bench")


def main() -> None:
    prepare_streams()
    app()


if __name__ == "__main__":
    main()

"""The command line: `trix-circuits VERB ...`. A verb imports what it needs and nothing else.

Exit status: 0 done and proven; 1 refuted or refused; 2 bad usage or bad input; 3 gave up at a limit; 4 proven impossible;
70 a bug of ours, said in a line like all else, for a traceback may hold what a file wants to be seen. Results go to stdout (with --json one JSON object, also for failures), progress and complaints to stderr.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Sequence

import click

from trix_circuits.errors import RefutedError, TrixCircuitsError, escaped

_VERBS = {
    "synth": "Find the smallest network of threshold gates for a function, and prove it smallest.",
    "build": "Build a circuit of a family (adder, multiplier, ...) or from a TOML spec, with its certificate.",
    "compile": "Map any circuit (AIGER, BLIF, Verilog, Python, ...) to threshold gates, and prove it equal.",
    "prove": "Prove a circuit against its meaning from scratch, or two circuits equal.",
    "check": "Run the stand-alone checker on circuit files.",
    "run": "Run a proven circuit on integers.",
    "bench": "Time the kernels, or one circuit, on this machine, beside the figures to reach.",
    "atoms": "Show or re-prove the atom library.",
    "formats": "List the weight formats.",
    "show": "Show what a circuit file holds.",
    "export": "Write a circuit as BLIF, AIGER, Verilog, Bristol, DOT or text, or its proof obligation.",
}


class _Verbs(click.Group):
    """Finds each verb in the module of its name, on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(f"trix_circuits.cli.{cmd_name}_verb").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _VERBS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], _VERBS, 1)
            hint = f"; did you mean {close[0]}?" if close else f"; expected one of {', '.join(_VERBS)}"
            raise click.UsageError(f"no command {args[0]!r}{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="trix-circuits")
def group() -> None:
    """Exact threshold-gate circuits in FP4 and ternary weights, proven over all inputs.

    \b
    trix-circuits synth SUM --format fp4
    trix-circuits build adder --bits 64 -o adder64.trix
    trix-circuits check adder64.trix
    trix-circuits run adder64.trix a=3 b=5
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and exit with its status."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run a command line; returns the exit status. Never lets a traceback out for bad input."""
    try:
        status = group.main(list(arguments), prog_name="trix-circuits", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except TrixCircuitsError as error:
        counterexample = error.counterexample if isinstance(error, RefutedError) else None
        return _fail(arguments, str(error), error.exit_status, counterexample)
    except click.ClickException as error:
        hint = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            hint = f" (see `{error.ctx.command_path} --help`)"
        return _fail(arguments, error.format_message().replace("\n", " ").rstrip(".") + hint, 2)
    except click.Abort:
        return _fail(arguments, "interrupted", 130)
    except KeyboardInterrupt:
        return _fail(arguments, "interrupted", 130)
    except MemoryError:
        return _fail(arguments, "memory ran out", 3)
    except RecursionError:
        return _fail(arguments, "the input nests too deeply", 3)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        return _fail(arguments, str(error), 2)
    except Exception as error:
        from trix_circuits import check

        if isinstance(error, check.Damaged | check.Refused | check.TooLarge):  # from who asks its pages directly
            return _fail(arguments, str(error), error.status, getattr(error, "counterexample", None))
        if os.environ.get("TRIX_CIRCUITS_TRACEBACK"):
            raise
        about = f"{type(error).__name__}: {escaped(str(error), 200)}"
        return _fail(arguments, f"a bug of trix-circuits: {about} (TRIX_CIRCUITS_TRACEBACK=1 shows where)", 70)


def _fail(arguments: Sequence[str], message: str, status: int, counterexample: dict[str, int] | None = None) -> int:
    line = escaped(" ".join(message.split()))
    if "--json" in arguments:
        found: dict[str, object] = {"error": line, "exit_status": status, "exact": False}
        if counterexample is not None:
            found["counterexample"] = counterexample
        print(json.dumps(found))
    print(f"trix-circuits: {line}", file=sys.stderr)
    return status

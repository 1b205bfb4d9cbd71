"""`invoicestream models status | verify | load | rollback`: the versions of the models at a tritonserver, while services use it.
`invoicestream models export`, `verify --files`: of a checkpoint, and of what stands in a repository, by `training/`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import Misconfigured, Unavailable
from app.settings import inference_from_environ
from app.training_environment import run_training

if TYPE_CHECKING:
    from app.adapters.model_versions import ModelVersions

DONE, FINDINGS = 0, 1
_WHAT = (
    "At the tritonserver that INVOICESTREAM_INFERENCE_URL names. A version is used once it has answered its canary (canary.npz in its"
    " folder or the model's); what cannot be loaded or answers wrongly changes nothing, and the exit code is 1."
)


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    models = commands.add_parser("models", help="look at, load and roll back versions of the models", description=_WHAT)
    models.add_argument("--repository", type=Path, help="the folder that the server starts from (default: triton_models of this checkout)")
    verbs = models.add_subparsers(required=True, metavar="VERB")
    status = verbs.add_parser("status", help="all versions: used, there, or broken and why")
    status.set_defaults(run=_run(_status))
    verify = verbs.add_parser("verify", help="ask what is used its canary")
    verify.add_argument("name", nargs="?", help="of one model (default: all)")
    verify.add_argument(
        "--files", action="store_true", help="not at the server: the graphs in the repository, as docs/models-training.md says"
    )
    verify.set_defaults(run=lambda arguments: _verify_files(arguments) if arguments.files else _run(_verify)(arguments))
    export = verbs.add_parser("export", help="a Hugging Face checkpoint into the repository")
    export.add_argument("--checkpoint", required=True, help="folder, or name on the hub, of a Donut or a LayoutLMv3ForTokenClassification")
    export.add_argument("--to", required=True, metavar="DIR", help="the repository")
    export.add_argument("--version", help="number of the version that is written (default: 1)")
    export.add_argument("--task", help='of a Donut: the token that asks for the task, such as "<s_cord-v2>"')
    export.add_argument("--most", help="of a Donut: tokens of an answer, at most")
    export.set_defaults(run=_export)
    load = verbs.add_parser("load", help="use this version from now on, without a restart")
    load.add_argument("name")
    load.add_argument("version", nargs="?", help="default: the newest there is")
    load.set_defaults(run=_run(_load))
    rollback = verbs.add_parser("rollback", help="use again what was used before the last load")
    rollback.add_argument("name")
    rollback.set_defaults(run=_run(_rollback))


def _export(arguments: argparse.Namespace) -> int:
    names = ("checkpoint", "to", "version", "task", "most")
    given = [(f"--{name}", value) for name in names if (value := getattr(arguments, name)) is not None]
    return run_training("export", [each for pair in given for each in pair])


def _verify_files(arguments: argparse.Namespace) -> int:
    named = ["--model", arguments.name] if arguments.name else []
    return run_training("verify", [*([str(arguments.repository)] if arguments.repository else []), *named])


async def _status(versions: ModelVersions, _: argparse.Namespace) -> int:
    for each in await versions.status():
        why = next(iter(each.why.split("\n")))
        sys.stdout.write(f"{each.model:<24} {each.version:>4}  {each.state:<6}  {why}".rstrip() + "\n")
    return DONE


async def _verify(versions: ModelVersions, arguments: argparse.Namespace) -> int:
    used = [each for each in await versions.status() if each.state == "used" and arguments.name in (None, each.model)]
    if not used:
        sys.stderr.write("invoicestream: no such model is loaded\n")
    wrong = not used
    for each in used:
        try:
            told = "right" if await versions.verify(each.model, each.version) else "no canary is known"
        except Unavailable as exc:
            told, wrong = f"WRONG: {exc.detail}", True
        sys.stdout.write(f"{each.model:<24} {each.version:>4}  {told}\n")
    return FINDINGS if wrong else DONE


async def _load(versions: ModelVersions, arguments: argparse.Namespace) -> int:
    return _told(arguments.name, await versions.load(arguments.name, arguments.version))


async def _rollback(versions: ModelVersions, arguments: argparse.Namespace) -> int:
    return _told(arguments.name, await versions.rollback(arguments.name))


def _told(model: str, version: str) -> int:
    sys.stdout.write(f"{model} {version} is used from now on\n")
    return DONE


def _run(command: Callable[[ModelVersions, argparse.Namespace], Awaitable[int]]) -> Callable[[argparse.Namespace], int]:
    async def run(arguments: argparse.Namespace) -> int:
        from app.adapters.model_versions import VersionRefused
        from app.wiring import open_model_versions

        async with open_model_versions(inference_from_environ().url, arguments.repository) as versions:
            try:
                return await command(versions, arguments)
            except VersionRefused as exc:
                sys.stderr.write(f"invoicestream: refused, nothing has changed: {exc.detail}\n")
                return FINDINGS
            except ValueError as exc:
                raise Misconfigured(str(exc)) from exc

    return lambda arguments: asyncio.run(run(arguments))

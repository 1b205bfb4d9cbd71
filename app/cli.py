"""`invoicestream serve | process | migrate | keys | verify-audit | reconcile | copy | replay | models | doctor`.

Exit codes: 0 done, 1 something needs review or was refused, 2 usage or settings, 3 a service is down, 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from app import __version__, models_cli
from app.errors import Misconfigured, Unavailable
from app.settings import PREFIX, Settings, Telemetry, from_environ, inference_from_environ, ocr_from_environ, sure_from_environ

DONE, FINDINGS, USAGE, DOWN, INTERRUPTED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except Misconfigured as exc:
        _say(f"invoicestream: {exc}")
        return USAGE
    except Unavailable as exc:
        _say(f"invoicestream: {exc.dependency} is not available" + (f": {exc.detail}" if exc.detail else ""))
        return DOWN
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="invoicestream", description="Turns invoices in any form into checked EN 16931 invoices.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the service", description=f"Settings come from {PREFIX}* variables.")
    serve.add_argument("--host", help="address to bind to (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port (default 8000)")
    serve.add_argument("--demo", action="store_true", help="make a development key and send the sample invoices through")
    serve.set_defaults(run=_serve)

    process = commands.add_parser("process", help="read files here and now, without a server")
    process.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
    process.add_argument("--json", action="store_true", help="one JSON object a line for each invoice")
    process.add_argument("--verbose", action="store_true", help="log every stage to stderr")
    process.set_defaults(run=_process)

    migrate = commands.add_parser("migrate", help="bring the SQL schema up to date")
    migrate.set_defaults(run=_migrate)

    keys = commands.add_parser("keys", help="create or revoke an API key")
    verbs = keys.add_subparsers(required=True, metavar="VERB")
    create = verbs.add_parser("create", help="prints the key once")
    create.add_argument("tenant")
    create.add_argument("--scope", action="append", choices=("read", "write"), help="default: both")
    create.add_argument("--days", type=int, help="expires after so many days (default: never)")
    create.set_defaults(run=_create_key)
    revoke = verbs.add_parser("revoke")
    revoke.add_argument("key_id")
    revoke.set_defaults(run=_revoke_key)

    fingerprint = verbs.add_parser("fingerprint", help="of the audit key: whether a backup's chains can be verified with it")
    fingerprint.set_defaults(run=_fingerprint)

    audit = commands.add_parser("verify-audit", help="verify the audit chain of every invoice")
    audit.add_argument("tenant", nargs="?", help="only this one's (default: all tenants')")
    audit.set_defaults(run=_verify_audit)

    reconcile = commands.add_parser("reconcile", help="list what the stores lack of each other", description=_RECONCILE)
    reconcile.add_argument("--repair", action="store_true", help="repair what can be repaired; what SQL names is never deleted")
    reconcile.set_defaults(run=_reconcile)

    copy = commands.add_parser("copy", help="copy originals and snapshots to or from another store", description=_COPY)
    for way in ("from", "to"):
        for what, example in (("blobs", "file:///backup/blobs"), ("documents", "sqlite:////backup/documents.db")):
            copy.add_argument(f"--{way}-{what}", metavar="URL", help=f"{example}, mongodb://... (default: the settings')")
    copy.add_argument("--named", action="store_true", help="only what the SQL store of the settings names: for a restore")
    copy.add_argument("--check-empty", action="store_true", help="copy nothing; exit 1 if the settings' stores hold anything")
    copy.set_defaults(run=_copy)

    replay = commands.add_parser("replay", help="send again what was given up: invoices quarantined as internal_error, parked messages")
    replay.add_argument("--list", action="store_true", help="only say what there is, one JSON object a line")
    replay.add_argument("ids", nargs="*", metavar="ID", help="of invoices or messages (default: all)")
    replay.set_defaults(run=_replay)

    models_cli.add_commands(commands)

    doctor = commands.add_parser("doctor", help="check that everything this service needs is there")
    doctor.set_defaults(run=_doctor)
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    from app.serve import serve  # here, so that `--help` and `--version` load nothing

    settings = from_environ()
    host = arguments.host or settings.host
    port = settings.port if arguments.port is None else arguments.port
    return serve(settings, host, port, demo=arguments.demo)


def _process(arguments: argparse.Namespace) -> int:
    from app.process import files_in

    try:
        files = files_in(arguments.paths)
    except FileNotFoundError as exc:
        _say(f"invoicestream: no such file: {exc}")
        return USAGE
    from uvloop import new_event_loop

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_process_all(files, as_json=arguments.json, verbose=arguments.verbose))


async def _process_all(files: Sequence[Path], *, as_json: bool, verbose: bool) -> int:
    from app.api.schemas import invoice_json
    from app.process import process
    from app.telemetry import configure_logging

    telemetry = Telemetry(log_level="info" if verbose else "error", log_json=not sys.stderr.isatty())
    bar = sys.stderr.isatty() and not verbose
    clean = True
    logging = configure_logging(telemetry.log_level, json=telemetry.log_json)
    try:
        count = 0
        async for done in process(files, telemetry, ocr_from_environ(), inference_from_environ(), sure_from_environ()):
            count += 1
            clean = clean and done.record is not None and done.record.status == "approved"
            told: dict[str, object] = (
                invoice_json(done.record) if done.record else {"id": None, "status": "quarantined", "reason": "unreadable", "invoice": None}
            )
            told["file"] = str(done.path)
            if done.duplicate_of:
                told["duplicate_of"] = done.duplicate_of
            if bar:
                _say(f"\r{count}/{len(files)}", end="")
            sys.stdout.write(msgspec.json.encode(told).decode() + "\n" if as_json else _line(told))
            sys.stdout.flush()
        if bar:
            _say("")
    finally:
        logging.close()
    return DONE if clean else FINDINGS


def _line(told: dict[str, object]) -> str:
    """One invoice for people."""
    invoice = told.get("invoice")
    found = invoice if isinstance(invoice, dict) else {}
    seller = found.get("seller") or {}
    parts = (told["file"], told["status"], told.get("reason"), found.get("number"), found.get("issue_date"), seller.get("name"))
    total = f"{found['total_with_tax']} {found.get('currency') or ''}" if found.get("total_with_tax") else None
    return "  ".join(str(part) for part in (*parts, total) if part) + "\n"


def _migrate(_: argparse.Namespace) -> int:
    from app.adapters.sql import migrate

    asyncio.run(migrate(from_environ().stores.sql_url))
    return DONE


def _create_key(arguments: argparse.Namespace) -> int:
    from app.wiring import open_keys

    async def create(settings: Settings) -> str:
        from datetime import UTC, datetime, timedelta

        expires = datetime.now(UTC) + timedelta(days=arguments.days) if arguments.days else None
        async with open_keys(settings) as invoices:
            return (await invoices.create_key(arguments.tenant, frozenset(arguments.scope or ("read", "write")), expires)).secret

    sys.stdout.write(asyncio.run(create(from_environ())) + "\n")
    return DONE


def _revoke_key(arguments: argparse.Namespace) -> int:
    from app.wiring import open_keys

    async def revoke(settings: Settings) -> bool:
        async with open_keys(settings) as invoices:
            return await invoices.revoke_key(arguments.key_id)

    if asyncio.run(revoke(from_environ())):
        return DONE
    _say("invoicestream: no such key")
    return FINDINGS


def _fingerprint(_: argparse.Namespace) -> int:
    from app.audit import key_fingerprint

    sys.stdout.write(key_fingerprint(from_environ().secrets.audit) + "\n")
    return DONE


def _verify_audit(arguments: argparse.Namespace) -> int:
    from app.audit import tenants, verify_tenant
    from app.wiring import open_reading

    async def verify(settings: Settings) -> tuple[int, list[str]]:
        checked, broken = 0, list[str]()
        async with open_reading(settings) as invoices:
            for tenant in [arguments.tenant] if arguments.tenant else [each async for each in tenants(invoices)]:
                of_tenant = await verify_tenant(invoices.for_tenant(tenant))
                checked, broken = checked + of_tenant[0], broken + of_tenant[1]
        return checked, broken

    checked, broken = asyncio.run(verify(from_environ()))
    sys.stdout.write(json.dumps({"checked": checked, "broken": broken}) + "\n")
    return FINDINGS if broken else DONE


_RECONCILE = (
    "One JSON object a line for each problem, then one with the counts. Exit 1 while problems are left. May run beside the service."
)


def _reconcile(arguments: argparse.Namespace) -> int:
    from app.wiring import open_reconciler

    async def reconcile(settings: Settings) -> tuple[int, int]:
        found = left = 0
        async with open_reconciler(settings, repair=arguments.repair) as reconciler:
            async for problem in reconciler.problems():
                found, left = found + 1, left + (not problem.repaired)
                sys.stdout.write(msgspec.json.encode(problem).decode() + "\n")
        return found, left

    found, left = asyncio.run(reconcile(from_environ()))
    sys.stdout.write(json.dumps({"found": found, "left": left}) + "\n")
    return FINDINGS if left else DONE


_COPY = (
    "Copies what the target lacks and checks every original against its SHA-256; may run beside a service, and again. A URL with a password"
    " belongs into the settings. Exit 1 if an original is damaged."
)


def _copy(arguments: argparse.Namespace) -> int:
    from app.copy_stores import Corrupted, Count, copy_blobs, copy_documents, is_empty
    from app.wiring import open_copying

    def told(what: str) -> Callable[[Count], None]:
        return lambda count: _say(f"{what}: {count.copied} copied, {count.there} were there, {count.unnamed} not named by SQL")

    async def run(settings: Settings) -> dict[str, Count] | None:
        stores = settings.stores
        blobs = arguments.from_blobs or stores.blobs_url, arguments.to_blobs or stores.blobs_url
        documents = arguments.from_documents or stores.documents_url, arguments.to_documents or stores.documents_url
        if blobs[0] == blobs[1] and documents[0] == documents[1] and not arguments.check_empty:
            raise Misconfigured("copy: from and to are the same stores; see --help")
        counts: dict[str, Count] = {}
        async with open_copying(settings, blobs, documents, named=arguments.named) as stores_of:
            if arguments.check_empty:
                return {} if await is_empty(stores_of.to_blobs, stores_of.to_documents) else None
            if blobs[0] != blobs[1]:
                counts["blobs"] = await copy_blobs(stores_of.from_blobs, stores_of.to_blobs, told("originals"), stores_of.named_by)
            if documents[0] != documents[1]:
                counts["documents"] = await copy_documents(
                    stores_of.from_documents, stores_of.to_documents, told("snapshots"), stores_of.named_by
                )
        return counts

    try:
        with _quietly():
            counts = asyncio.run(run(from_environ()))
    except Corrupted as exc:
        _say(f"invoicestream: {exc}")
        return FINDINGS
    if counts is None:
        _say("invoicestream: the stores of originals and snapshots are not empty")
        return FINDINGS
    sys.stdout.write(msgspec.json.encode(counts).decode() + "\n")
    return DONE


def _replay(arguments: argparse.Namespace) -> int:
    from app.replay import Dead, find_dead, replay
    from app.wiring import open_replay

    async def run(settings: Settings) -> tuple[Dead, set[str]]:
        async with open_replay(settings) as (invoices, queue):
            dead = (await find_dead(invoices, queue)).only(arguments.ids)
            return dead, set() if arguments.list else await replay(invoices, queue, dead)

    with _quietly():
        dead, sent = asyncio.run(run(from_environ()))
    for invoice in dead.invoices:
        if arguments.list or invoice.invoice_id in sent:
            told = {"invoice": invoice.invoice_id, "tenant": invoice.tenant, "since": invoice.since.isoformat()}
            sys.stdout.write(json.dumps(told) + "\n")
    for message in dead.messages:
        if arguments.list or message.id in sent:
            sys.stdout.write(json.dumps({"message": message.id, "queue": message.queue, "bytes": message.size}) + "\n")
    if unknown := set(arguments.ids) - (dead.ids if arguments.list else sent):
        _say(f"invoicestream: nothing dead has this id: {', '.join(sorted(unknown))}")
        return FINDINGS
    return DONE


def _doctor(_: argparse.Namespace) -> int:
    from app.doctor import examine

    with _quietly():
        checks = asyncio.run(examine(from_environ()))
    for check in checks:
        sys.stdout.write(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<12} {check.detail}\n")
    return DONE if all(check.ok for check in checks) else DOWN


@contextmanager
def _quietly() -> Iterator[None]:
    """What adapters log goes to stderr, and only errors: stdout is for what was asked."""
    from app.telemetry import configure_logging

    logging = configure_logging("error", json=not sys.stderr.isatty())
    try:
        yield
    finally:
        logging.close()


def _say(text: str, end: str = "\n") -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()

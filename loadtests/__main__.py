"""`python -m loadtests [SCENARIO ...] [OPTION ...]`: puts a service of its own under load. Exit 1: a target was missed.

It starts private servers (`make servers` installs them) and the service, or one service with everything embedded, sends what the
scenario says, and ends everything again. Table on stdout; report, Locust's own report and all that was noted in var/load/TIME/.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from loadtests.documents import SIZES, make_pool
from loadtests.phase import LoadFailed
from loadtests.plan import parse_mix
from loadtests.scenarios import DEFAULT, SCENARIOS, SETTLING, SMALL
from loadtests.session import Options, Session, say
from loadtests.sla import DEFAULT as SLA
from loadtests.sla import Targets, read_targets
from loadtests.surroundings import USUAL, surroundings
from tests.bench.figures import machine, table

TENANTS = ("ash", "birch")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests", description="Load on a service of its own.")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}; by default {' '.join(DEFAULT)}")
    parser.add_argument("--rate", type=float, help="documents a second, of all tenants together, in place of the scenario's own")
    parser.add_argument("--seconds", type=float, help="how long each phase lasts, in place of the scenario's own")
    parser.add_argument("--mix", type=parse_mix, default=parse_mix("60/30/10"), help="weights of XML, digital PDFs and scans: 60/30/10")
    parser.add_argument("--services", type=int, default=1, help="how many services share the work")
    parser.add_argument("--seed", type=int, default=1, help="the same seed sends the same documents at the same moments")
    parser.add_argument("--embedded", action="store_true", help="one service with everything embedded, in place of the real servers")
    parser.add_argument("--sla", type=Path, default=SLA, help="another file of targets")
    parser.add_argument("--out", type=Path, default=Path("var/load"), help="where reports, the pool of documents and capacity.json lie")
    parser.add_argument(
        "--set",
        action="append",
        type=parse_setting,
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the services, as in their environment",
    )
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two looks at /metrics and the processes")
    arguments = parser.parse_args()
    if unknown := set(arguments.scenarios) - set(SCENARIOS):
        parser.error(f"unknown scenario: {', '.join(sorted(unknown))}")
    if arguments.embedded and arguments.services > 1:
        parser.error("what is embedded belongs to one service")
    try:
        targets = read_targets(arguments.sla)
    except (OSError, ValueError) as error:
        parser.error(f"--sla: {error}")
    options = Options(
        arguments.mix,
        arguments.seed,
        arguments.rate,
        arguments.seconds,
        arguments.services,
        arguments.embedded,
        arguments.interval,
        dict(arguments.set),
    )
    names = arguments.scenarios or DEFAULT
    if len(names) > 1:
        # Each on servers of its own: what one has left there would slow down the next.
        same = [word for word in sys.argv[1:] if word not in SCENARIOS]
        return max([subprocess.run([sys.executable, "-m", "loadtests", name, *same], check=False).returncode for name in names])
    out = arguments.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    (name,) = names
    return 0 if run(name, out / time.strftime("%Y%m%d-%H%M%S") / name, out, options, targets) else 1


def parse_setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.startswith("INVOICESTREAM_"):
        raise argparse.ArgumentTypeError("INVOICESTREAM_NAME=VALUE")
    return name, value


def run(name: str, folder: Path, out: Path, options: Options, targets: Targets) -> bool:
    """Whether every target was kept."""
    from loadtests.report import write_report  # here: drawing is slow to load, and nobody draws before the end

    described = machine()  # before the work, for the load that was there already
    say(f"{name}: starting what it needs")
    pool = make_pool(out, options.seed, SMALL.get(name, SIZES))
    with surroundings(
        folder / "running", out, TENANTS, services=options.services, embedded=options.embedded, settings=USUAL | options.settings
    ) as around:
        session = Session(around, folder, pool, options, targets, out / "capacity.json")
        try:
            SCENARIOS[name](session)
            session.audit(SETTLING.get(name, 300.0))
        except LoadFailed as error:
            say(f"{name}: {error}\n{around.services[0].log_tail()}")
            return False
    figures = [figure for part in session.parts for figure in part.figures]
    report = write_report(folder / "report.html", name, SCENARIOS[name].__doc__ or "", described, session)
    print(f"\n## {name}\n\n" + "\n".join(f"{what}: {value}" for what, value in described.items()) + f"\n\n{table(figures)}\n\n{report}")
    return not any(figure.missed for figure in figures)


if __name__ == "__main__":
    sys.exit(main())

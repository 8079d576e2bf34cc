"""The rows of figures.py: each function measures one kind of work and gives its lines of the table.

They take Settings and build the options of the scripts beside this one, which measure.
"""

import asyncio
import dataclasses
import pathlib
import statistics
import typing

import common
import idle
import ingest
import latency
import memory
import push
import rounds


@dataclasses.dataclass
class Settings:
    """How much is measured. The defaults are what the figures mean; QUICK shows that it works."""

    tocsin: pathlib.Path
    server: pathlib.Path
    folder: pathlib.Path          # where memory leaves the data that restart reads
    runs: int = 5                 # of the latencies
    targets: int = 8              # of latency and loaded; each has `rounds` faults a run
    rounds: int = 25
    other_rounds: int = 13
    load: int = 100_000           # series beside loaded, and of ingest, rules and missing
    load_rules: int = 1_000
    load_warm_up: int = 20        # polls
    pushes: int = 400
    round_targets: int = 40
    sums: int = 40
    windows: int = 5
    window_seconds: float = 20
    warm_up: float = 30
    rules_warm_up: float = 90
    missing_rules: int = 100_000
    missing_windows: int = 5
    missing_other_windows: int = 3
    missing_seconds: float = 15
    series: int = 1_000_000       # of memory and restart
    series_targets: int = 100
    minutes: float = 10
    restarts: int = 5
    other_restarts: int = 2
    settle: float = 60
    pause: float = 5
    starts: int = 9


QUICK = {"runs": 2, "targets": 4, "rounds": 3, "other_rounds": 3, "load": 20_000,
         "load_rules": 100, "load_warm_up": 6, "pushes": 20, "round_targets": 10, "sums": 3,
         "windows": 2, "window_seconds": 5, "warm_up": 8, "rules_warm_up": 8,
         "missing_rules": 2_000, "missing_windows": 2, "missing_other_windows": 2,
         "missing_seconds": 5, "series": 20_000, "series_targets": 2, "minutes": 0.6,
         "restarts": 2, "other_restarts": 1, "settle": 5, "pause": 1, "starts": 2}


class Line(typing.NamedTuple):
    """One line of the table; `problem` says what makes its figures doubtful."""

    work: str
    tocsin: str = "missing"
    peers: str = "–"
    ratio: str = "–"
    must: str = "–"
    aim: str = "–"
    runs: str = "–"
    problem: str = ""


def paths(settings, *names):
    """The options that name programs."""
    return [word for name in names for word in (f"--{name}", str(getattr(settings, name)))]


def times(theirs, ours):
    return f"{theirs / ours:,.1f} ×" if ours > 0 else "–"


class Runs:
    """The latencies of several runs, in ms, each sorted."""

    def __init__(self):
        self.runs = []
        self.missing = 0

    def add(self, values, expected):
        self.missing += expected - len(values)
        if values:
            self.runs.append(values)

    def at(self, share):
        return [common.percentile(values, share) for values in self.runs]

    def text(self):
        if not self.runs:
            return "missing"
        return (f"median {statistics.median(self.at(0.5)):.1f} ms, "
                f"p99 {common.spread(self.at(0.99))} ms")

    def ratio(self, theirs):
        if not (self.runs and theirs.runs):
            return "–"
        medians, p99s = ((times(statistics.median(theirs.at(share)),
                                statistics.median(self.at(share)))) for share in (0.5, 0.99))
        return f"median {medians}, p99 {p99s}"

    def problem(self):
        return f"{self.missing} notices of tocsin are missing" if self.missing else ""


def latency_lines(settings):
    options = latency.parse(paths(settings, "tocsin"))
    ours, theirs = Runs(), Runs()
    for _ in range(settings.runs):
        bench = asyncio.run(latency.measure_tocsin(options, settings.targets, settings.rounds,
                                                   per_target=True))
        ours.add(bench.latencies_ms(), settings.targets * settings.rounds)
        bench = asyncio.run(latency.measure_prometheus(options, settings.targets,
                                                       settings.other_rounds))
        theirs.add(bench.latencies_ms(), settings.targets * settings.other_rounds)
    runs = (f"{settings.runs} × {settings.targets * settings.rounds} notices, the others "
            f"{settings.runs} × {settings.targets * settings.other_rounds} in turn")
    if theirs.missing:
        runs += f" ({theirs.missing} missing)"
    yield Line("scrape that carries the fault → webhook, 1 s polls", ours.text(), theirs.text(),
               ours.ratio(theirs), "p99 10 ms", "p99 5 ms", runs, ours.problem())


def loaded_lines(settings):
    options = latency.parse([*paths(settings, "tocsin", "server"), f"--load={settings.load}",
                             f"--load-rules={settings.load_rules}",
                             f"--warm-up={settings.load_warm_up}"])
    ours = Runs()
    for _ in range(settings.runs):
        bench = asyncio.run(latency.measure_tocsin(options, settings.targets, settings.rounds,
                                                   per_target=True))
        ours.add(bench.latencies_ms(), settings.targets * settings.rounds)
    yield Line(f"the same while {settings.load:,} series are scraped every 5 s and "
               f"{settings.load_rules:,} rules run", ours.text(), must="p99 50 ms",
               aim="p99 10 ms", problem=ours.problem(),
               runs=f"{settings.runs} × {settings.targets * settings.rounds} notices")


def push_lines(settings):
    options = push.parse([*paths(settings, "tocsin"), f"--rounds={settings.pushes}"])
    for kind, name in (("push", "text"), ("write", "remote_write")):
        ours = Runs()
        for _ in range(settings.runs):
            bench = asyncio.run(push.measure(options, kind))
            ours.add(bench.latencies_ms(), settings.pushes)
        yield Line(f"pushed sample → webhook, {name}", ours.text(), must="p99 5 ms",
                   aim="p99 2 ms", runs=f"{settings.runs} × {settings.pushes} notices",
                   problem=ours.problem())


def rounds_lines(settings):
    options = rounds.parse([*paths(settings, "tocsin"), f"--targets={settings.round_targets}",
                            f"--rounds={settings.sums}"])
    ours = Runs()
    for _ in range(settings.runs):
        ours.add(asyncio.run(rounds.measure(options)).latencies_ms(), settings.sums)
    yield Line(f"last target of a round → webhook, a `sum` over {settings.round_targets} targets",
               ours.text(), must="p99 15 ms", aim="p99 5 ms",
               runs=f"{settings.runs} × {settings.sums} notices, each fault begins with a round",
               problem=ours.problem())


def share_text(program):
    return f"{common.spread(program.shares, '{:.2f}')} %, {program.sample_us:.2f} µs a sample"


def samples_problem(options, programs):
    expected = options.series / options.interval
    return "; ".join(f"{program.side.label} stored {statistics.median(program.rates):,.0f} "
                     f"samples a second of {expected:,.0f}" for program in programs
                     if statistics.median(program.rates) < 0.99 * expected)


def ingest_options(settings, *more):
    return ingest.parse([*paths(settings, "tocsin", "server"), f"--series={settings.load}",
                         f"--windows={settings.windows}", f"--seconds={settings.window_seconds}",
                         f"--warm-up={settings.warm_up}", *more])


def processor_line(options, work, must, aim):
    ours, theirs = ingest.measure(options, ingest.both_sides(options))
    return Line(work, share_text(ours), share_text(theirs), times(theirs.share, ours.share), must,
                aim, f"{options.windows} windows of {options.seconds:g} s, at the same time",
                samples_problem(options, [ours, theirs]))


def ingest_lines(settings):
    options = ingest_options(settings)
    yield processor_line(options, f"CPU of a core, {options.series:,} series at 5 s from 10 "
                         "targets, no rules", "1.2 %", "0.8 %")


def rules_lines(settings):
    options = ingest_options(settings, f"--rules={settings.load_rules}",
                             f"--warm-up={settings.rules_warm_up}")
    yield processor_line(options, f"CPU, the same with {options.rules:,} rules "
                         "`sum by (route) (rate(…[1m])) > …`, 200 series each", "4 %", "2 %")


def with_and_without(options, kind):
    """Two programs of one kind side by side, without rules and with those that match nothing."""
    sides = [ingest.Side(f"{kind} without", kind),
             ingest.Side(f"{kind} with", kind, ingest.rules(options))]
    return ingest.measure(options, sides)


def difference_text(without, with_rules):
    looks = statistics.median(with_rules.evaluations)
    return (f"{with_rules.share - without.share:+.2f} %: "
            f"{common.spread(with_rules.shares, '{:.2f}')} % with, "
            f"{common.spread(without.shares, '{:.2f}')} % without; {looks:,.0f} looks a second; "
            f"ready in {with_rules.start:.1f} s")


def missing_lines(settings):
    options = ingest_options(settings, f"--missing-rules={settings.missing_rules}",
                             f"--windows={settings.missing_windows}",
                             f"--seconds={settings.missing_seconds}")
    ours = with_and_without(options, "tocsin")
    line = Line(f"{settings.missing_rules:,} rules whose selectors match no series: what "
                "they add to the CPU of the same ingest", difference_text(*ours),
                must="no measurable CPU",
                runs=f"{options.windows} windows of {options.seconds:g} s; the others "
                     f"{settings.missing_other_windows}, afterwards",
                problem=samples_problem(options, ours))
    options.windows = settings.missing_other_windows
    try:
        theirs = with_and_without(options, "prometheus")
        line = line._replace(peers=difference_text(*theirs))
    except (Exception, SystemExit) as error:  # tocsin's own figures stand without theirs
        line = line._replace(problem="; ".join(filter(None, [line.problem, str(error)])))
    yield line


def memory_options(settings):
    return memory.parse([*paths(settings, "tocsin", "server"), f"--series={settings.series}",
                         f"--targets={settings.series_targets}", f"--minutes={settings.minutes}",
                         f"--restarts={settings.restarts}",
                         f"--other-restarts={settings.other_restarts}"])


def memory_lines(settings):
    results = memory.measure_memory(memory_options(settings), settings.folder)
    ours, theirs = (results[kind].per_series() for kind in ("tocsin", "prometheus"))
    problem = "; ".join(f"{kind} has {result.series:,.0f} series"
                        for kind, result in results.items() if result.series < settings.series)
    yield Line(f"resident memory per active series, {settings.series:,} series at 15 s, after "
               f"{settings.minutes:g} minutes", f"{common.spread(ours, '{:,.0f}')} bytes",
               f"{common.spread(theirs, '{:,.0f}')} bytes",
               times(statistics.median(theirs), statistics.median(ours)), "900 bytes",
               "600 bytes", f"{memory.READINGS} readings in the last minute, at the same time",
               problem)


def restart_lines(settings):
    if not memory.filled(settings.folder):
        memory.measure_memory(memory_options(settings), settings.folder)
    results = memory.measure_restarts(memory_options(settings), settings.folder)
    ours, theirs = results["tocsin"], results["prometheus"]
    runs = f"{settings.restarts}, the others {settings.other_restarts}"
    for name, mine, other, notified in (
            ("kill -9", ours.killed, theirs.killed, ours.notified[:settings.restarts]),
            ("SIGTERM", ours.stopped, theirs.stopped, ours.notified[settings.restarts:])):
        notified = [value for value in notified if value is not None]
        ready = f"; READY=1 {statistics.median(notified):.2f} s" if notified else ""
        stops = "" if name == "kill -9" else ", the stop {} s"
        yield Line(f"restart with {settings.series:,} series after {name}: start → ready",
                   f"{common.spread(mine, '{:.2f}')} s"
                   + stops.format(common.spread(ours.stops, "{:.2f}")) + ready,
                   f"{common.spread(other, '{:.2f}')} s"
                   + stops.format(common.spread(theirs.stops, "{:.2f}")),
                   times(statistics.median(other), statistics.median(mine)), "3 s", "–", runs)


def idle_lines(settings):
    readings = idle.measure_idle(idle.parse([*paths(settings, "tocsin"),
                                             f"--settle={settings.settle}",
                                             f"--pause={settings.pause}"]))
    both = [sum(pair) for pair in zip(readings["prometheus"], readings["alertmanager"])]
    ours = readings["tocsin"]
    yield Line("resident memory at rest, shipped config", f"{common.spread(ours)} MiB",
               f"{common.spread(both)} MiB", times(statistics.median(both),
                                                   statistics.median(ours)),
               "20 MiB", "16 MiB", f"{idle.READINGS} readings from {settings.settle:g} s after "
               "the start, at the same time")


def start_lines(settings):
    starts = idle.measure_starts(idle.parse([*paths(settings, "tocsin"),
                                             f"--starts={settings.starts}"]))
    ready = f"; READY=1 {statistics.median(starts.notified):.0f} ms" if starts.notified else ""
    yield Line("start → ready, empty store, shipped config",
               f"{common.spread(starts.tocsin)} ms{ready}",
               f"{common.spread(starts.prometheus, '{:.0f}')} ms; Alertmanager alone "
               f"{statistics.median(starts.alertmanager):.0f} ms",
               times(statistics.median(starts.prometheus), statistics.median(starts.tocsin)),
               "40 ms", "20 ms", f"{settings.starts}, in turn")


# In the order of the table; what each takes with the full settings, in minutes.
ROWS = {
    "latency": (latency_lines, 4.6),
    "loaded": (loaded_lines, 4.3),
    "push": (push_lines, 1.6),
    "rounds": (rounds_lines, 4.1),
    "ingest": (ingest_lines, 2.3),
    "rules": (rules_lines, 3.3),
    "memory": (memory_lines, 10.2),
    "restart": (restart_lines, 2.5),
    "idle": (idle_lines, 1.4),
    "start": (start_lines, 0.1),
    "missing": (missing_lines, 3.4),
}

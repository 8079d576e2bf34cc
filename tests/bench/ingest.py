#!/usr/bin/env python3
"""What taking samples in costs: processor time of tocsin and of Prometheus, side by side.

A small server (target_server.cc) shows 10 targets of 10,000 request counters each, and every one of
them moves with every page. Both programs scrape it at the same time with the same configuration,
without rules or, with --rules, with rules over 200 series each that never fire; --missing-rules adds
rules whose selectors match no series. Processor time is that of all threads of the process, its
share of the kernel's included, in several windows of one run; their median counts. Samples stored
in the same windows are asked of both, so that nobody wins by leaving something out.

Standard library only. Exit 1 when tocsin's median exceeds --budget-percent or samples are missing.
"""

import contextlib
import statistics
import sys
import time
import typing

import common

STORED = {"tocsin": "tocsin_series_samples_total",
          "prometheus": "prometheus_tsdb_head_samples_appended_total"}
EVALUATED = {"tocsin": "tocsin_rules_evaluations_total",
             "prometheus": "prometheus_rule_evaluations_total"}
RULE_SERIES = 200


def scrape_configs(options, port, suffix):
    return (f"global: {{scrape_interval: {options.interval}s, "
            f"scrape_timeout: {options.interval * 900}ms, "
            f"evaluation_interval: {options.interval}s}}\n"
            "rule_files: [rules.yml]\nscrape_configs:"
            + target_configs(options, port, suffix, f"{options.interval}s"))


def target_configs(options, port, suffix, interval):
    return "".join(f"""
  - job_name: target{number}
    scrape_interval: {interval}
    metrics_path: /target/{number}{suffix}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
""" for number in range(options.targets))


def rules(options):
    """Rules over one service's shard each; several for the same one differ in their threshold."""
    shards = options.series // options.targets // RULE_SERIES
    lines = ["groups:\n- name: shards\n  rules:"]
    for number in range(options.rules):
        target, shard = number % options.targets, number // options.targets % shards
        lines.append(
            f"  - alert: TooManyRequests{number}\n    expr: >-\n      sum by (route) "
            f'(rate(http_requests_total{{service="service-{target}",shard="shard-{shard}"}}[1m]))'
            f" > {1_000_000 + number}")
    for number in range(getattr(options, "missing_rules", 0)):
        lines.append(
            f"  - alert: NothingThere{number}\n    expr: >-\n      sum by (route) "
            f'(rate(grpc_requests_total{{service="service-{number}"}}[1m])) > {number}')
    return "\n".join(lines) + "\n" if len(lines) > 1 else NO_RULES


NO_RULES = "groups: []\n"


def command(options, kind, folder, port, suffix="", rule_text=NO_RULES):
    """Writes the configuration of one program into `folder`; gives its arguments and its port."""
    web = common.free_port()
    configs = scrape_configs(options, port, suffix)
    (folder / "rules.yml").write_text(rule_text)
    if kind == "prometheus":
        (folder / "prometheus.yml").write_text(configs)
        return [options.prometheus, f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/tsdb",
                f"--web.listen-address=127.0.0.1:{web}"], web
    (folder / "tocsin.yml").write_text(
        f'{configs}\nweb: {{listen: "127.0.0.1:{web}"}}\n'
        f'storage: {{url: "sqlite:{folder}/tocsin.db"}}\n'
        "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    return [options.tocsin, "run", "--config", folder / "tocsin.yml"], web


class Side(typing.NamedTuple):
    """One program of a run."""

    label: str
    kind: str  # tocsin or prometheus
    rules: str = NO_RULES


class Program:
    """What has been measured of one side."""

    def __init__(self, side, started, web):
        self.side, self.process, self.url = side, started.process, f"http://127.0.0.1:{web}"
        self.start = started.answered
        self.shares, self.rates, self.evaluations = [], [], []
        self.rss_mib = 0
        self.past = []  # clocks and counters at the beginning of the window

    def counters(self):
        page = common.fetch(f"{self.url}/metrics", timeout=30)
        return [common.metric(page, names[self.side.kind]) for names in (STORED, EVALUATED)]

    def clocks(self):
        return [time.monotonic(), common.cpu_seconds(self.process.pid)]

    def begin(self):
        """A window begins. Its counters are asked for before, and at the end after it."""
        counters = self.counters()
        self.past = self.clocks() + counters

    def end(self):
        now = self.clocks() + self.counters()
        seconds, cpu, samples, evaluations = (b - a for a, b in zip(self.past, now))
        self.shares.append(100 * cpu / seconds)
        self.rates.append(samples / seconds)
        self.evaluations.append(evaluations / seconds)

    @property
    def share(self):
        """The median of all windows, in percent of a core."""
        return statistics.median(self.shares)

    @property
    def sample_us(self):
        return self.share / 100 / statistics.median(self.rates) * 1e6

    def row(self, label):
        rate, looks = statistics.median(self.rates), statistics.median(self.evaluations)
        return (f"| {label} | {self.share:.2f} % | {min(self.shares):.2f} to "
                f"{max(self.shares):.2f} | {self.sample_us:.2f} | {rate:,.0f} | {looks:,.0f} | "
                f"{self.rss_mib:.0f} |")


def measure(options, sides, suffix=""):
    """Runs all sides at the same time on the same targets; gives what was measured of each."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(common.scratch_folder())
        port = stack.enter_context(
            common.target_server(options.server, options.targets, options.series))
        programs = []
        for number, side in enumerate(sides):
            place = folder / str(number)
            place.mkdir()
            arguments, web = command(options, side.kind, place, port, suffix, side.rules)
            started = stack.enter_context(
                common.started(arguments, web, place / "log", limit=120))
            programs.append(Program(side, started, web))
        time.sleep(options.warm_up)
        for _ in range(options.windows):
            for program in programs:
                program.begin()
            time.sleep(options.seconds)
            for program in programs:
                program.end()
        for program in programs:
            program.rss_mib = common.memory_kib(program.process.pid)["rss"] / 1024
    return programs


def parse(arguments=None):
    """The options of the command line, or of `arguments`."""
    parser = common.comparison_parser(__doc__)
    parser.add_argument("--targets", type=int, default=10, help="(default: %(default)s)")
    parser.add_argument("--series", type=int, default=100_000, help="(default: %(default)s)")
    parser.add_argument("--rules", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--missing-rules", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--interval", type=int, default=5, help="seconds (default: %(default)s)")
    parser.add_argument("--warm-up", type=float, default=30, help="seconds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20, help="of a window")
    parser.add_argument("--windows", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--gzip", choices=["no", "yes", "both"], default="both")
    parser.add_argument("--budget-percent", type=float, help="(default: 1.2, with rules 4)")
    options = parser.parse_args(arguments)
    if options.budget_percent is None:
        options.budget_percent = 4 if options.rules else 1.2
    return options


def both_sides(options):
    """tocsin and, unless it is left out, Prometheus with the rules that the options ask for."""
    kinds = ["tocsin"] if options.skip_prometheus else ["tocsin", "prometheus"]
    return [Side(kind, kind, rules(options)) for kind in kinds]


def main():
    options = parse()
    print(f"Processor time of taking in {options.series:,} series every {options.interval} s from "
          f"{options.targets} targets, {options.rules + options.missing_rules:,} rules\n"
          f"({common.machine()}; {options.windows} windows of {options.seconds:g} s)\n")
    print("| | of a core, median | all windows | µs a sample | samples a second | looks a second "
          "| RSS, MiB |\n|---|---|---|---|---|---|---|")
    failed = False
    for compressed in {"no": [False], "yes": [True], "both": [False, True]}[options.gzip]:
        programs = measure(options, both_sides(options), "/gzip" if compressed else "")
        for program in programs:
            prefix = "gzip" if compressed else "plain"
            print(program.row(f"{prefix}, {program.side.label}"), flush=True)
        if len(programs) == 2:
            print(f"| ratio | {programs[1].share / programs[0].share:.1f} × | | | | | |", flush=True)
        print("\nStart to ready: "
              + ", ".join(f"{program.side.label} {program.start:.2f} s" for program in programs))
        expected = options.series / options.interval
        failed |= not compressed and programs[0].share > options.budget_percent
        failed |= statistics.median(programs[0].rates) < 0.99 * expected
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

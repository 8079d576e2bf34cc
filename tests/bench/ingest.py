#!/usr/bin/env python3
"""What taking samples in costs: processor time of tocsin and of Prometheus, side by side.

A small server (target_server.cc) shows 10 targets of 10,000 request counters each, and every one of
them moves with every page. Both programs scrape it at the same time with the same configuration,
without rules or, with --rules, with rules over 200 series each that never fire; --missing-rules adds
rules whose selectors match no series. Processor time is that of all threads of the process, its share of the kernel's
included, in several windows of one run; their median counts. Samples stored in the same windows
are asked of both, so that nobody wins by leaving something out.

Standard library only. Exit 1 when tocsin's median exceeds --budget-percent or samples are missing.
"""

import argparse
import contextlib
import pathlib
import statistics
import subprocess
import sys
import time

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
    return "\n".join(lines) + "\n" if len(lines) > 1 else "groups: []\n"


class Program:
    """One of the two under measurement."""

    def __init__(self, name, process, url):
        self.name, self.process, self.url = name, process, url
        self.shares, self.rates, self.evaluations = [], [], []
        self.start = 0

    def look(self):
        page = common.fetch(f"{self.url}/metrics")
        return (time.monotonic(), common.cpu_seconds(self.process.pid),
                common.metric(page, STORED[self.name]), common.metric(page, EVALUATED[self.name]))

    def note(self, before, after):
        seconds, cpu, samples, evaluations = (b - a for a, b in zip(before, after))
        self.shares.append(100 * cpu / seconds)
        self.rates.append(samples / seconds)
        self.evaluations.append(evaluations / seconds)

    def row(self, label):
        share, rate = statistics.median(self.shares), statistics.median(self.rates)
        looks = statistics.median(self.evaluations)
        memory = common.memory_kib(self.process.pid)["rss"] / 1024
        return (f"| {label} | {share:.2f} % | {min(self.shares):.2f} to {max(self.shares):.2f} | "
                f"{share / 100 / rate * 1e6:.2f} | {rate:,.0f} | {looks:,.0f} | {memory:.0f} |")


def measure(options, suffix):
    """Runs both at the same time, and gives the programs with what was measured of them."""
    with common.scratch_folder() as folder:
        server = subprocess.Popen([options.server, "0", str(options.targets),
                                   str(options.series // options.targets)],
                                  stdout=subprocess.PIPE, text=True)
        try:
            port = int(server.stdout.readline())
            configs = scrape_configs(options, port, suffix)
            webs = {name: common.free_port() for name in STORED}
            (folder / "rules.yml").write_text(rules(options))
            (folder / "prometheus.yml").write_text(configs)
            (folder / "tocsin.yml").write_text(
                f'{configs}\nweb: {{listen: "127.0.0.1:{webs["tocsin"]}"}}\n'
                f'storage: {{url: "sqlite:{folder}/tocsin.db"}}\n'
                "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
            arguments = {
                "tocsin": [options.tocsin, "run", "--config", folder / "tocsin.yml"],
                "prometheus": [options.prometheus, f"--config.file={folder}/prometheus.yml",
                               f"--storage.tsdb.path={folder}/tsdb",
                               f"--web.listen-address=127.0.0.1:{webs['prometheus']}"]}
            return run_both(options, arguments, webs, folder)
        finally:
            server.kill()
            server.wait()


def run_both(options, arguments, webs, folder):
    names = [name for name in STORED if not (options.skip_prometheus and name == "prometheus")]
    with contextlib.ExitStack() as stack:
        programs = []
        for name in names:
            log = folder / f"{name}.log"
            begun = time.monotonic()
            process = stack.enter_context(common.running(arguments[name], log))
            url = f"http://127.0.0.1:{webs[name]}"
            common.wait_until_ready(process, f"{url}/-/ready", log, limit=120)
            programs.append(Program(name, process, url))
            programs[-1].start = time.monotonic() - begun
        time.sleep(options.warm_up)
        for _ in range(options.windows):
            before = [program.look() for program in programs]
            time.sleep(options.seconds)
            for program, past in zip(programs, before):
                program.note(past, program.look())
        rows = [program.row(program.name) for program in programs]
    return programs, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tocsin", default=common.DEFAULT_BINARY, type=pathlib.Path)
    parser.add_argument("--server", default=common.ROOT / "build/bench/bench/target_server",
                        type=pathlib.Path)
    parser.add_argument("--prometheus", default="prometheus")
    parser.add_argument("--skip-prometheus", action="store_true")
    parser.add_argument("--targets", type=int, default=10, help="(default: %(default)s)")
    parser.add_argument("--series", type=int, default=100_000, help="(default: %(default)s)")
    parser.add_argument("--rules", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--missing-rules", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--interval", type=int, default=5, help="seconds (default: %(default)s)")
    parser.add_argument("--warm-up", type=float, default=30, help="seconds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=20, help="of a window")
    parser.add_argument("--windows", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--gzip", choices=["no", "yes", "both"], default="both")
    parser.add_argument("--budget-percent", type=float,
                        help="(default: 1.2, with rules 4)")
    options = parser.parse_args()
    if options.budget_percent is None:
        options.budget_percent = 4 if options.rules else 1.2

    print(f"Processor time of taking in {options.series:,} series every {options.interval} s from "
          f"{options.targets} targets, {options.rules + options.missing_rules:,} rules\n({common.machine()}; {options.windows} windows of "
          f"{options.seconds:g} s)\n")
    print("| | of a core, median | all windows | µs a sample | samples a second | looks a second | RSS, MiB |\n"
          "|---|---|---|---|---|---|---|")
    failed = False
    for compressed in {"no": [False], "yes": [True], "both": [False, True]}[options.gzip]:
        programs, rows = measure(options, "/gzip" if compressed else "")
        for row in rows:
            print(row.replace("| ", "| gzip, " if compressed else "| plain, ", 1), flush=True)
        medians = [statistics.median(program.shares) for program in programs]
        if len(medians) == 2:
            print(f"| ratio | {medians[1] / medians[0]:.1f} × | | | | | |", flush=True)
        print("\nStart to ready: "
              + ", ".join(f"{program.name} {program.start:.2f} s" for program in programs))
        expected = options.series / options.interval
        failed |= not compressed and medians[0] > options.budget_percent
        failed |= statistics.median(programs[0].rates) < 0.99 * expected
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""From the scrape that carries a fault to the webhook's arrival.

This program is the scrape targets and the webhook's receiver at once, so both moments are taken
from one clock: the first when the last byte of the page that carries the fault has been handed to
the kernel, the second when the webhook's request has been read to its end.

Every target is polled each second. On each poll another series of the target turns from 0 to 1,
holds for some polls and turns back; each is an alert of its own and, as the route groups by its
label, a notice of its own. The targets' polls spread over the second, so that the place of a poll
within the other side's evaluation interval does not decide the result.

With --load, the program under measurement also scrapes that many series every 5 s from 10 more
targets (target_server.cc) and runs --load-rules rules over them that never fire; see ingest.py.

Standard library only. Exit 1 when a notice is missing or the 99th percentile exceeds --budget-ms.
"""

import argparse
import asyncio
import contextlib
import json
import pathlib
import re
import sys
import time

import common
import ingest

HOLD_POLLS = 3      # how long a fault lasts
WARM_UP_POLLS = 4   # of every target, before the first fault, unless asked otherwise


class Bench:
    """The served targets, the webhook's receiver, and the moments that they saw."""

    def __init__(self, shards, rounds_per_shard, warm_up_polls=WARM_UP_POLLS):
        self.shards = shards
        self.rounds = rounds_per_shard
        self.warm_up = warm_up_polls
        self.polls = [0] * shards
        self.first_round_poll = None
        self.sent = {}      # (round, shard) → when the page with the fault had been sent
        self.arrived = {}   # (round, shard) → when its first webhook had arrived
        self.repeated = 0
        self.done = asyncio.Event()

    def page(self, shard):
        """The page of this poll, and the round that it begins."""
        self.polls[shard] += 1
        if self.first_round_poll is None and min(self.polls) >= self.warm_up:
            self.first_round_poll = list(self.polls)
        current = -1
        if self.first_round_poll is not None:
            current = self.polls[shard] - self.first_round_poll[shard] - 1
        lines = ["# TYPE bench_fault gauge"]
        for index in range(self.rounds):
            faulty = 0 <= current - index < HOLD_POLLS
            lines.append(f'bench_fault{{round="{index}"}} {int(faulty)}')
        begun = current if 0 <= current < self.rounds else None
        return "\n".join(lines) + "\n", begun

    def notice(self, body, now):
        for alert in json.loads(body)["alerts"]:
            key = (int(alert["labels"]["round"]), int(alert["labels"]["shard"]))
            if key in self.arrived:
                self.repeated += 1
            else:
                self.arrived[key] = now
        if len(self.arrived) >= self.shards * self.rounds:
            self.done.set()

    async def serve(self, reader, writer):
        """One connection of a client, which may send many requests over it."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"content-length:\s*(\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length.group(1)) if length else 0)
                now = time.monotonic()
                target = re.match(r"GET /shard/(\d+)", head)
                if target:
                    await self.answer_scrape(int(target.group(1)), writer)
                else:
                    self.notice(body, now)
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer_scrape(self, shard, writer):
        text, begun = self.page(shard)
        body = text.encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)
        # A page fits the socket's buffer, so that write() has handed it over already.
        if writer.transport.get_write_buffer_size() > 0:
            await writer.drain()
        if begun is not None:
            self.sent[(begun, shard)] = time.monotonic()

    def latencies_ms(self):
        return sorted((self.arrived[key] - sent) * 1000
                      for key, sent in self.sent.items() if key in self.arrived)


def rule_file(shards, per_target):
    """One group per target with a rule that reads that target alone, or one rule for all.

    No group writes an interval: tocsin would keep to it as Prometheus does. All have the global 1 s.
    """
    selectors = [f'bench_fault{{shard="{shard}"}}' for shard in range(shards)]
    groups = []
    for index, selector in enumerate(selectors if per_target else ["bench_fault"]):
        groups.append(f"""
  - name: bench{index}
    rules:
      - alert: BenchFault{index}
        expr: {selector} == 1
        labels: {{severity: critical, service: bench}}
        annotations: {{summary: "round {{{{ $labels.round }}}} of shard {{{{ $labels.shard }}}}"}}
""")
    return "groups:" + "".join(groups)


def scrape_configs(shards, port):
    return "scrape_configs:" + "".join(f"""
  - job_name: shard{shard}
    metrics_path: /shard/{shard}
    static_configs:
      - targets: ["127.0.0.1:{port}"]
        labels: {{shard: "{shard}"}}
""" for shard in range(shards))


def notification(port):
    return f"""
route:
  receiver: hook
  group_by: [alertname, shard, round]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: hook
    webhook_configs:
      - {{url: "http://127.0.0.1:{port}/hook", send_resolved: false}}
"""


GLOBAL = """
global:
  scrape_interval: 1s
  scrape_timeout: 900ms
  evaluation_interval: 1s
"""


async def collect(bench, name):
    """Waits for every round, at the longest until the last one's notice is overdue."""
    limit = bench.warm_up + bench.rounds + 20
    try:
        await asyncio.wait_for(bench.done.wait(), limit)
    except asyncio.TimeoutError:
        print(f"{name}: gave up waiting after {limit} s", file=sys.stderr)


@contextlib.contextmanager
def load(options, folder):
    """Serves the series of --load and leaves load.yml; gives the scrape configuration's part."""
    (folder / "load.yml").write_text("groups: []\n")
    if not options.load:
        yield ""
        return
    settings = argparse.Namespace(interval=5, targets=10, series=options.load,
                                  rules=options.load_rules)
    (folder / "load.yml").write_text(ingest.rules(settings))
    with common.target_server(options.server, settings.targets, settings.series) as port:
        yield ingest.target_configs(settings, port, "", "5s")


async def measure_tocsin(options, shards, rounds, per_target):
    bench = Bench(shards, rounds, options.warm_up)
    server = await asyncio.start_server(bench.serve, "127.0.0.1", 0, backlog=100)
    port = server.sockets[0].getsockname()[1]
    with common.scratch_folder() as folder, load(options, folder) as more:
        web = common.free_port()
        (folder / "rules.yml").write_text(rule_file(shards, per_target))
        (folder / "tocsin.yml").write_text(
            f'{GLOBAL}\nweb: {{listen: "127.0.0.1:{web}"}}\n'
            f'storage: {{url: "sqlite:{folder}/tocsin.db"}}\nrule_files: [rules.yml, load.yml]\n'
            + scrape_configs(shards, port) + more + notification(port))
        log = folder / "log"
        with common.running([options.tocsin, "run", "--config", folder / "tocsin.yml"],
                            log) as process:
            await asyncio.to_thread(common.wait_until_ready, process,
                                    f"http://127.0.0.1:{web}/-/ready", log)
            await collect(bench, "tocsin")
        if options.keep_log:
            pathlib.Path(options.keep_log).write_bytes(log.read_bytes())
    server.close()
    return bench


async def measure_prometheus(options, shards, rounds):
    bench = Bench(shards, rounds)
    server = await asyncio.start_server(bench.serve, "127.0.0.1", 0, backlog=100)
    port = server.sockets[0].getsockname()[1]
    with common.scratch_folder() as folder:
        web, alertmanager = common.free_port(), common.free_port()
        (folder / "rules.yml").write_text(rule_file(shards, per_target=True))
        (folder / "prometheus.yml").write_text(
            f"{GLOBAL}\nrule_files: [rules.yml]\nalerting:\n  alertmanagers:\n"
            f'    - static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]\n'
            + scrape_configs(shards, port))
        (folder / "alertmanager.yml").write_text(notification(port))
        logs = folder / "prometheus.log", folder / "alertmanager.log"
        with common.running([options.alertmanager, f"--config.file={folder}/alertmanager.yml",
                             f"--storage.path={folder}/am", "--cluster.listen-address=",
                             f"--web.listen-address=127.0.0.1:{alertmanager}"],
                            logs[1]) as second:
            await asyncio.to_thread(common.wait_until_ready, second,
                                    f"http://127.0.0.1:{alertmanager}/-/ready", logs[1])
            with common.running([options.prometheus, f"--config.file={folder}/prometheus.yml",
                                 f"--storage.tsdb.path={folder}/tsdb",
                                 f"--web.listen-address=127.0.0.1:{web}"], logs[0]) as first:
                await asyncio.to_thread(common.wait_until_ready, first,
                                        f"http://127.0.0.1:{web}/-/ready", logs[0])
                await collect(bench, "prometheus")
    server.close()
    return bench


def row(name, bench):
    values = bench.latencies_ms()
    if not values:
        return f"| {name} | 0 of {bench.shards * bench.rounds} | | | | |"
    figures = (values[0], common.percentile(values, 0.5), common.percentile(values, 0.99),
               values[-1])
    return (f"| {name} | {len(values)} of {bench.shards * bench.rounds} | "
            + " | ".join(f"{figure:.1f}" for figure in figures) + " |")


async def run(options):
    rounds = -(-options.rounds // options.shards)
    other_rounds = -(-options.other_rounds // options.shards)
    tocsin = await measure_tocsin(options, options.shards, rounds, per_target=True)
    table = [row("tocsin", tocsin)]
    shared_row = ""
    benches = [tocsin]
    if not options.load:
        shared = await measure_tocsin(options, options.shards, other_rounds, per_target=False)
        shared_row = row(f"tocsin, one rule over all {options.shards} targets", shared)
        benches.append(shared)
    ratio = ""
    if options.other_rounds > 0 and not options.skip_prometheus:
        other = await measure_prometheus(options, options.shards, other_rounds)
        benches.append(other)
        table.append(row("Prometheus + Alertmanager", other))
        if tocsin.latencies_ms() and other.latencies_ms():
            shares = [common.percentile(other.latencies_ms(), share) /
                      common.percentile(tocsin.latencies_ms(), share) for share in (0.5, 0.99)]
            ratio = f"| ratio | | | {shares[0]:.0f} × | {shares[1]:.0f} × | |"

    beside = (f", beside {options.load:,} series every 5 s and {options.load_rules:,} rules"
              if options.load else "")
    print(f"From the scrape that carries the fault to the webhook, 1 s polls, {options.shards} "
          f"targets{beside}, in ms\n({common.machine()})\n")
    print("| | notices | min | median | p99 | max |\n|---|---|---|---|---|---|")
    print("\n".join(line for line in [*table, ratio, shared_row] if line))
    mine = benches[:1 if options.load else 2]
    missing = sum(b.shards * b.rounds - len(b.arrived) for b in mine)
    repeated = sum(b.repeated for b in mine)
    print(f"\ntocsin's missing notices: {missing}; repeated: {repeated}")
    values = tocsin.latencies_ms()
    return 0 if missing == 0 and common.percentile(values, 0.99) <= options.budget_ms else 1


def parse(arguments=None):
    """The options of the command line, or of `arguments`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tocsin", default=common.DEFAULT_BINARY, type=pathlib.Path)
    parser.add_argument("--prometheus", default="prometheus")
    parser.add_argument("--alertmanager", default="prometheus-alertmanager")
    parser.add_argument("--shards", type=int, default=8, help="targets (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=400, help="(default: %(default)s)")
    parser.add_argument("--other-rounds", type=int, default=200,
                        help="of the two comparisons (default: %(default)s)")
    parser.add_argument("--skip-prometheus", action="store_true")
    parser.add_argument("--load", type=int, default=0, help="series (default: none)")
    parser.add_argument("--load-rules", type=int, default=1000, help="(default: %(default)s)")
    parser.add_argument("--server", default=common.ROOT / "build/bench/bench/target_server",
                        type=pathlib.Path)
    parser.add_argument("--warm-up", type=int, default=WARM_UP_POLLS,
                        help="polls of every target before tocsin's first fault")
    parser.add_argument("--budget-ms", type=float, default=20)
    parser.add_argument("--keep-log", help="where to leave tocsin's log of the last run")
    return parser.parse_args(arguments)


def main():
    sys.exit(asyncio.run(run(parse())))


if __name__ == "__main__":
    main()

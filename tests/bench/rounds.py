#!/usr/bin/env python3
"""From the last target of a round to the webhook: a sum over many targets.

As latency.py, but one rule sums over all targets, and its threshold is reached only with the last
of them. The clock runs from the last byte of the page of the target that comes last to the webhook's
arrival. Polls spread over a second.

Which target a round ends with depends on the start; a fault that begins elsewhere is seen at the end
of the round that is going on then. The first faults therefore find out where a round ends, and those
that are measured begin with a round.

Standard library only. Exit 1 when a notice is missing or the 99th percentile exceeds --budget-ms.
"""

import argparse
import asyncio
import json
import pathlib
import sys

import common
import latency


ALIGNING = 4       # faults that find out where a round ends; not measured
ALIGNED_MS = 50    # a notice that comes later than this has waited for another target


class Bench(latency.Bench):
    """`rounds` measured faults, after those that align."""

    def __init__(self, targets, rounds_measured):
        super().__init__(targets, ALIGNING + rounds_measured)
        self.served = []    # targets, the one that was served last at the end
        self.attempts = 0

    async def answer_scrape(self, shard, writer):
        await super().answer_scrape(shard, writer)
        if shard in self.served:
            self.served.remove(shard)
        self.served.append(shard)

    def notice(self, body, now):
        for alert in json.loads(body)["alerts"]:
            number = int(alert["labels"]["round"])
            if number in self.arrived:
                self.repeated += number >= ALIGNING
                continue
            self.arrived[number] = now
            if number < ALIGNING and (now - self.last_sent()[number]) * 1000 > ALIGNED_MS:
                self.align(number + 1)
        if len(self.arrived) >= self.rounds:
            self.done.set()

    def align(self, number):
        """Begins fault `number` after the target that has just ended a round.

        Mostly that is the one that was served last. Others may have been served between it and
        the notice: further attempts take the one before, and so on.
        """
        after = self.served[len(self.served) - self.attempts:]
        self.attempts += 1
        for shard, polls in enumerate(self.polls):
            self.first_round_poll[shard] = polls - number + (0 if shard in after else 1)

    def last_sent(self):
        """When the last target had sent each fault."""
        last = {}
        for (number, _), sent in self.sent.items():
            last[number] = max(sent, last.get(number, sent))
        return last

    def latencies_ms(self):
        return sorted((self.arrived[number] - sent) * 1000
                      for number, sent in self.last_sent().items()
                      if number >= ALIGNING and number in self.arrived)


def rules(targets):
    return f"""groups:
  - name: bench
    rules:
      - alert: AllOfThem
        expr: sum by (round) (bench_fault) >= {targets}
        labels: {{severity: critical, service: bench}}
        annotations: {{summary: "round {{{{ $labels.round }}}}"}}
"""


async def measure(options):
    bench = Bench(options.targets, options.rounds)
    server = await asyncio.start_server(bench.serve, "127.0.0.1", 0, backlog=100)
    port = server.sockets[0].getsockname()[1]
    with common.scratch_folder() as folder:
        web = common.free_port()
        (folder / "rules.yml").write_text(rules(options.targets))
        (folder / "tocsin.yml").write_text(
            f'{latency.GLOBAL}\nweb: {{listen: "127.0.0.1:{web}"}}\n'
            f'storage: {{url: "sqlite:{folder}/tocsin.db"}}\nrule_files: [rules.yml]\n'
            + latency.scrape_configs(options.targets, port)
            + latency.notification(port).replace("[alertname, shard, round]", "[alertname, round]"))
        log = folder / "log"
        with common.running([options.tocsin, "run", "--config", folder / "tocsin.yml"],
                            log) as process:
            await asyncio.to_thread(common.wait_until_ready, process,
                                    f"http://127.0.0.1:{web}/-/ready", log)
            await latency.collect(bench, "tocsin")
    server.close()
    return bench


async def run(options):
    bench = await measure(options)
    values = bench.latencies_ms()
    print(f"From the last of {options.targets} targets to the webhook, a sum over all of them, "
          f"1 s polls, in ms\n({common.machine()})\n")
    print("| | notices | min | median | p99 | max |\n|---|---|---|---|---|---|")
    if values:
        figures = (values[0], common.percentile(values, 0.5), common.percentile(values, 0.99),
                   values[-1])
        print(f"| tocsin | {len(values)} of {options.rounds} | "
              + " | ".join(f"{figure:.1f}" for figure in figures) + " |")
    print(f"\nrepeated: {bench.repeated}")
    good = len(values) == options.rounds and common.percentile(values, 0.99) <= options.budget_ms
    return 0 if good else 1


def parse(arguments=None):
    """The options of the command line, or of `arguments`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tocsin", default=common.DEFAULT_BINARY, type=pathlib.Path)
    parser.add_argument("--targets", type=int, default=40, help="(default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=100, help="(default: %(default)s)")
    parser.add_argument("--budget-ms", type=float, default=15)
    return parser.parse_args(arguments)


def main():
    sys.exit(asyncio.run(run(parse())))


if __name__ == "__main__":
    main()

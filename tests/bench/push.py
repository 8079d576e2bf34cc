#!/usr/bin/env python3
"""From a pushed sample to the webhook's arrival.

This program pushes the samples and receives the webhooks, so both moments are taken from one clock:
the first when the last byte of the request has been handed to the kernel, the second when the
webhook's request has been read to its end. Each push turns another series from 0 to 1, which is an
alert and a notice of its own. Pushes come one after the other, some milliseconds apart, over one
connection: as text at /tocsin/v1/push, and as remote write 1.0 at /api/v1/write.

Standard library only. Exit 1 when a notice is missing or the 99th percentile exceeds --budget-ms.
"""

import argparse
import asyncio
import json
import pathlib
import re
import struct
import sys
import time

import common


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def message(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def remote_write_request(labels, value):
    """A WriteRequest with one sample, as a snappy block of one literal."""
    series = b"".join(message(1, message(1, name.encode()) + message(2, text.encode()))
                      for name, text in labels)
    now = int(time.time() * 1000)
    series += message(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(now))
    body = message(1, series)
    return varint(len(body)) + b"\xf4" + struct.pack("<H", len(body) - 1) + body


class Bench:
    def __init__(self, kind):
        self.kind = kind
        self.sent, self.arrived = {}, {}
        self.news = asyncio.Event()

    async def hook(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"content-length:\s*(\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length.group(1)))
                now = time.monotonic()
                for alert in json.loads(body)["alerts"]:
                    self.arrived.setdefault(int(alert["labels"]["round"]), now)
                self.news.set()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    def request(self, number, value):
        if self.kind == "push":
            body = f'bench_fault{{round="{number}"}} {value}\n'.encode()
            head = "POST /tocsin/v1/push?job=bench HTTP/1.1\r\nContent-Type: text/plain\r\n"
        else:
            body = remote_write_request([("__name__", "bench_fault"), ("job", "bench"),
                                         ("round", str(number))], value)
            head = ("POST /api/v1/write HTTP/1.1\r\nContent-Type: application/x-protobuf\r\n"
                    "Content-Encoding: snappy\r\n")
        return f"{head}Host: bench\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    async def exchange(self, reader, writer, number, value):
        writer.write(self.request(number, value))
        sent = time.monotonic()
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if " 204 " not in answer:
            sys.exit(f"the push was not taken: {answer}")
        return sent

    async def run(self, port, rounds, pause):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(rounds + 20):
            self.news.clear()
            self.sent[number] = await self.exchange(reader, writer, number, 1)
            deadline = time.monotonic() + 5
            while number not in self.arrived and time.monotonic() < deadline:
                try:
                    await asyncio.wait_for(self.news.wait(), 1)
                except asyncio.TimeoutError:
                    continue
                self.news.clear()
            await asyncio.sleep(pause)
            await self.exchange(reader, writer, number, 0)
        writer.close()

    def latencies_ms(self):
        # The first twenty warm up.
        return sorted((self.arrived[number] - sent) * 1000 for number, sent in self.sent.items()
                      if number in self.arrived and number >= 20)


async def measure(options, kind):
    bench = Bench(kind)
    server = await asyncio.start_server(bench.hook, "127.0.0.1", 0)
    hook = server.sockets[0].getsockname()[1]
    with common.scratch_folder() as folder:
        web = common.free_port()
        (folder / "rules.yml").write_text(
            "groups:\n  - name: bench\n    rules:\n      - alert: BenchFault\n"
            "        expr: bench_fault == 1\n        labels: {severity: critical}\n")
        (folder / "tocsin.yml").write_text(f"""
global: {{evaluation_interval: 1s}}
web: {{listen: "127.0.0.1:{web}", remote_write_receiver: true}}
storage: {{url: "sqlite:{folder}/tocsin.db"}}
rule_files: [rules.yml]
route: {{receiver: hook, group_by: [round], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: hook
    webhook_configs: [{{url: "http://127.0.0.1:{hook}/hook", send_resolved: false}}]
""")
        log = folder / "log"
        with common.running([options.tocsin, "run", "--config", folder / "tocsin.yml"],
                            log) as process:
            await asyncio.to_thread(common.wait_until_ready, process,
                                    f"http://127.0.0.1:{web}/-/ready", log)
            await asyncio.sleep(1.5)  # rules wait one interval for sources that never came
            await bench.run(web, options.rounds, options.pause_ms / 1000)
    server.close()
    return bench


async def run(options):
    print(f"From a pushed sample to the webhook, in ms ({common.machine()})\n")
    print("| | notices | min | median | p99 | max |\n|---|---|---|---|---|---|")
    failed = False
    for kind, name in (("push", "text at /tocsin/v1/push"), ("write", "remote write 1.0")):
        values = (await measure(options, kind)).latencies_ms()
        failed |= len(values) < options.rounds
        if values:
            figures = (values[0], common.percentile(values, 0.5),
                       common.percentile(values, 0.99), values[-1])
            failed |= figures[2] > options.budget_ms
            print(f"| {name} | {len(values)} of {options.rounds} | "
                  + " | ".join(f"{figure:.1f}" for figure in figures) + " |", flush=True)
        else:
            print(f"| {name} | 0 of {options.rounds} | | | | |", flush=True)
    return 1 if failed else 0


def parse(arguments=None):
    """The options of the command line, or of `arguments`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tocsin", default=common.DEFAULT_BINARY, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=400, help="(default: %(default)s)")
    parser.add_argument("--pause-ms", type=float, default=15, help="(default: %(default)s)")
    parser.add_argument("--budget-ms", type=float, default=5)
    return parser.parse_args(arguments)


def main():
    sys.exit(asyncio.run(run(parse())))


if __name__ == "__main__":
    main()

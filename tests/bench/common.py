"""What the measuring programs of this folder share: processes, ports, folders, figures."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFAULT_BINARY = ROOT / "build" / "release" / "tocsin"


def free_port():
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def scratch_folder():
    """A folder for state and logs, on the file system that TMPDIR names."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        yield pathlib.Path(name)


@contextlib.contextmanager
def running(arguments, log, environment=None):
    """Runs a program with its output in `log`; ends it, politely first, when the block is left."""
    with open(log, "wb") as output:
        process = subprocess.Popen([str(argument) for argument in arguments],
                                   stdout=output, stderr=subprocess.STDOUT,
                                   env={**os.environ, **(environment or {})})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def fetch(url, timeout=5):
    with urllib.request.urlopen(url, timeout=timeout) as response:
        return response.read().decode()


def wait_until_ready(process, url, log, limit=30):
    """Returns once `url` answers 200; an error with the end of the log when it does not."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            fetch(url, timeout=1)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.005)
    tail = pathlib.Path(log).read_text(errors="replace")[-2000:]
    sys.exit(f"{process.args[0]} did not become ready at {url}:\n{tail}")


def memory_kib(pid):
    """Resident, proportional and private memory of a process, in KiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()

    def figure(name, text):
        found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
        return int(found.group(1)) if found else 0

    return {
        "rss": figure("VmRSS", status),
        "anonymous": figure("RssAnon", status),
        "peak": figure("VmHWM", status),
        "pss": figure("Pss", rollup),
        "private": figure("Private_Clean", rollup) + figure("Private_Dirty", rollup),
        "threads": int(re.search(r"^Threads:\s+(\d+)", status, re.MULTILINE).group(1)),
    }


def cpu_seconds(pid):
    """Time on a processor of all threads that a process has now, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def metric(page, name):
    """The sum of a metric's samples on a page in the text format."""
    pattern = re.compile(rf"^{name}(?:\{{[^}}]*\}})? (\S+)", re.MULTILINE)
    return sum(float(value) for value in pattern.findall(page))


def percentile(sorted_values, share):
    """The nearest-rank percentile: the smallest value that `share` of all do not exceed."""
    rank = max(1, -(-len(sorted_values) * share // 1))
    return sorted_values[int(rank) - 1]


def machine():
    """One line on the machine that the figures come from."""
    model = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} × {model.group(1) if model else 'unknown'}, Linux {os.uname().release}"

#!/usr/bin/env python3
"""The foundation's own numbers for one transformer: cold open, memory after a run, CPU of an idle process, import speed.

    python bench/foundation.py build/release/nacre minilm-l6-real.onnx      # made by a zoo's minilm_real.py, or any BERT-like file

Prints one line a number, with its limit and `ok` or `over`; exit code 1 when one is over. Needs numpy and onnx.
Times depend on the machine: run it on one that has nothing else to do. Memory and idle CPU do not.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx

MIB = 1 << 20


def forget(path):
    """Drops the file from the page cache: the next open is a cold one."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Worker:
    def __init__(self, nacre, model, inputs, threads=1):
        self.process = subprocess.Popen([nacre, "bench-worker", model, "--inputs", inputs, "--threads", str(threads), "--dtype-policy", "exact"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        if "error" in self.ready:
            sys.exit(self.ready["error"])

    def ask(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def resident(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_ticks(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def weights_touched(path, tokens):
    """Bytes of weights that a run must read: all, but of a table that is only gathered from, the rows of these tokens."""
    graph = onnx.load(path).graph
    users = {}
    for node in graph.node:
        for position, name in enumerate(node.input):
            users.setdefault(name, []).append((node.op_type, position))
    total = 0
    for tensor in graph.initializer:
        size = len(tensor.raw_data) or 4 * len(tensor.float_data) + 8 * len(tensor.int64_data)
        gathered = users.get(tensor.name, []) and all(use == ("Gather", 0) for use in users[tensor.name])
        total += min(size, size // tensor.dims[0] * tokens) if gathered and tensor.dims and tensor.dims[0] > tokens else size
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nacre")
    parser.add_argument("model")
    parser.add_argument("--seq", type=int, default=128)
    options = parser.parse_args()
    over = False

    def report(name, value, limit, unit):
        nonlocal over
        fits = value <= limit
        over |= not fits
        print(f"{name:44s} {value:9.2f} {unit:4s} limit {limit:8.2f}  {'ok' if fits else 'over'}")

    with tempfile.TemporaryDirectory() as scratch:
        inputs = f"{scratch}/inputs.npz"
        shape = (1, options.seq)
        rng = np.random.default_rng(0)
        np.savez(inputs, input_ids=rng.integers(1000, 30000, shape), attention_mask=np.ones(shape, np.int64), token_type_ids=np.zeros(shape, np.int64))
        times = []
        for _ in range(5):
            forget(options.model)
            worker = Worker(options.nacre, options.model, inputs)
            times.append(worker.ready["load_ms"])
            worker.end()
        report("open, cold (best of 5)", min(times), 60, "ms")

        worker = Worker(options.nacre, options.model, inputs)
        worker.ask("run 1")
        touched = weights_touched(options.model, options.seq)
        names = ("batch_size", "sequence_length")
        plan = subprocess.run([options.nacre, "inspect", options.model, "--json", "--plan", "--dim", f"{names[0]}=1", "--dim", f"{names[1]}={options.seq}"],
                              capture_output=True, text=True)
        arena = json.loads(plan.stdout).get("arena_bytes", 0) if plan.returncode == 0 else 0
        held = worker.resident() - worker.ready["base_rss_mb"] * MIB
        report("resident after a run, beyond the bare process", held / MIB, (1.3 * touched + arena) / MIB, "MiB")
        before = worker.cpu_ticks()
        time.sleep(5)
        report("CPU of the idle process over 5 s", (worker.cpu_ticks() - before) * 1000 / os.sysconf("SC_CLK_TCK"), 0, "ms")
        worker.end()
    return over


if __name__ == "__main__":
    sys.exit(main())

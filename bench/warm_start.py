#!/usr/bin/env python3
"""How soon a model answers: opening it and its first run, without NACRE_CACHE_DIR, with an empty one, and with packed weights kept there.

    python bench/warm_start.py build/release/nacre models/*.onnx --rounds 5
    python bench/warm_start.py build/release/nacre minilm-l6-real.onnx --tokens 8 --limit 10     # exit code 1 above 10 ms warm

Every time is that of a process of its own; files are in the page cache. Rounds are interleaved; printed are the best of the wall times and,
in brackets, the median of the CPU times of whole processes, which say more where the machine has other work. Inputs are `random:1` with symbolic dims of 1, or BERT's three of so many tokens. Needs numpy for --tokens.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

STATES = ("none", "empty", "kept")


def first_answer(nacre, model, inputs, threads, cache):
    environment = {**os.environ, "NACRE_CACHE_LIMIT": str(1 << 36)}
    environment.pop("NACRE_CACHE_DIR", None)
    if cache:
        environment["NACRE_CACHE_DIR"] = cache
    worker = subprocess.Popen([nacre, "bench-worker", model, "--inputs", inputs, "--threads", str(threads), "--dtype-policy", "exact"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    ready = json.loads((worker.stdout.read().splitlines() or ["{}"])[0])
    _, _, usage = os.wait4(worker.pid, 0)
    if "ready" not in ready:
        raise RuntimeError(ready.get("error", "no answer"))
    return ready["load_ms"], ready["load_ms"] + ready["first_run_ms"], (usage.ru_utime + usage.ru_stime) * 1e3


def tokens_file(folder, count):
    import numpy as np

    path = f"{folder}/tokens.npz"
    ids = np.random.default_rng(0).integers(1000, 30000, (1, count))
    np.savez(path, input_ids=ids, attention_mask=np.ones((1, count), np.int64), token_type_ids=np.zeros((1, count), np.int64))
    return path


def measure(options, model, inputs, scratch):
    times, cpu = ({state: [] for state in STATES} for _ in range(2))
    opens = []
    cache = f"{scratch}/cache"
    for _ in range(options.rounds):
        shutil.rmtree(cache, ignore_errors=True)
        for state in STATES:
            opened, answered, used = first_answer(options.nacre, model, inputs, options.threads, None if state == "none" else cache)
            times[state].append(answered)
            cpu[state].append(used)
            opens.append(opened)
    kept = sum(file.stat().st_size for file in pathlib.Path(cache).rglob("*.kept"))
    shutil.rmtree(cache, ignore_errors=True)
    return min(opens), times, cpu, kept


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nacre")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int)
    parser.add_argument("--limit", type=float, help="most milliseconds of the best warm start")
    options = parser.parse_args()
    over = False
    print("| model | open ms | first answer, wall (CPU) ms: no cache | empty cache | kept | kept MB |\n|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as scratch:
        inputs = tokens_file(scratch, options.tokens) if options.tokens else "random:1"
        for model in options.models:
            name = pathlib.Path(model).stem
            try:
                opened, times, cpu, kept = measure(options, model, inputs, scratch)
            except RuntimeError as error:
                print(f"| {name} | {str(error)[:90]} |")
                continue
            cells = " | ".join(f"{min(times[state]):.1f} ({statistics.median(cpu[state]):.1f})" for state in STATES)
            print(f"| {name} | {opened:.1f} | {cells} | {kept / 1e6:.1f} |", flush=True)
            over |= options.limit is not None and min(times["kept"]) > options.limit
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())

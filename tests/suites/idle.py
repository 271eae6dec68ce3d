#!/usr/bin/env python3
"""A process with a loaded session, after a run on every thread, uses no CPU over 5 seconds.

NACRE names the command (default build/release/nacre)."""
import json
import os
import pathlib
import subprocess
import tempfile
import time

NACRE = os.environ.get("NACRE", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "nacre"))
SECONDS = 5


def field(number, payload):
    """One length-delimited protobuf field."""
    assert len(payload) < 128
    return bytes([number << 3 | 2, len(payload)]) + payload


def dims(*sizes):
    return field(2, b"".join(field(1, b"\x08" + bytes([size & 127 | 128, size >> 7])) for size in sizes))


def value(name, *sizes):
    return field(1, name) + field(2, field(1, b"\x08\x01" + dims(*sizes)))


def model():
    """y = x x for x [512, 512]: large enough to be split among threads."""
    node = field(1, b"x") + field(1, b"x") + field(2, b"y") + field(4, b"MatMul")
    graph = field(1, node) + field(2, b"g") + field(11, value(b"x", 512, 512)) + field(12, value(b"y", 512, 512))
    return b"\x08\x08" + field(7, graph) + field(8, b"\x10\x0d")


def cpu_ticks(pid):
    """User and system time of a process and its threads, in ticks of 10 ms."""
    numbers = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(numbers[11]) + int(numbers[12])


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        pathlib.Path(path).write_bytes(model())
        worker = subprocess.Popen([NACRE, "bench-worker", path, "--inputs", "random:1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            ready = json.loads(worker.stdout.readline())
            assert ready.get("ready"), ready
            worker.stdin.write("run 0.2\n")
            worker.stdin.flush()
            assert "median_ms" in json.loads(worker.stdout.readline())
            time.sleep(0.2)
            before = cpu_ticks(worker.pid)
            time.sleep(SECONDS)
            used = cpu_ticks(worker.pid) - before
        finally:
            worker.stdin.close()
            worker.wait(10)
    print(f"{used} ticks of 10 ms in {SECONDS} s")
    return used <= 0


if __name__ == "__main__":
    fine = main()
    print(f"{int(fine)} passed, {int(not fine)} failed, 0 skipped")
    raise SystemExit(not fine)

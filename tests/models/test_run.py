#!/usr/bin/env python3
"""The model tests can fail: with ONNX Runtime in nacre's place they pass, and with one wrong number per output they do not.

    python tests/models/test_run.py .cache/models
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

sys.dont_write_bytecode = True
import compare

HERE = pathlib.Path(__file__).resolve().parent
CACHE = sys.argv.pop(1) if len(sys.argv) > 1 else ".cache/models"
PRESENT = pathlib.Path(CACHE, "silero-vad").exists()

# ONNX Runtime behind nacre's command line; its backend `null` gives zeros.
# NOISE: so much is added to each output, another amount in every run.
ANSWERS = """
import os
import sys
import numpy as np
import onnxruntime
command, model, _, x, _, y, _, backend = sys.argv[1:9]
noise = float(os.environ.get("NOISE", 0)) * np.random.default_rng().uniform(1, 2)
session = onnxruntime.InferenceSession(model)
values = session.run(None, dict(np.load(x)))
np.savez(y, **{o.name: v * (backend != "null") + np.float32(noise) for o, v in zip(session.get_outputs(), values)})
"""


def closing_line(*more):
    done = subprocess.run([sys.executable, HERE / "run.py", "--cache", CACHE, "--only", "silero,magika,ocr-direction", "--stand-in", *more],
                          capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()[-1]


class ModelTests(unittest.TestCase):
    @unittest.skipUnless(PRESENT, "silero-vad was not fetched")
    def test_stand_in_passes_and_spoilt_stand_in_fails(self):
        code, line = closing_line()
        self.assertEqual((code, line.split(" failed")[0].split(", ")[1]), (0, "0"), line)
        passed = line.split(" passed")[0]
        self.assertEqual(closing_line("--spoil", "0.01"), (1, f"0 passed, {passed} failed, 0 skipped"))

    @unittest.skipUnless(PRESENT, "silero-vad was not fetched")
    def test_program_that_answers_as_nacre_should_passes(self):
        self.assertEqual(self.answering(), (1, "4 passed, 1 failed, 0 skipped"))

    @unittest.skipUnless(PRESENT, "silero-vad was not fetched")
    def test_program_whose_answers_vary_from_run_to_run_fails(self):
        self.assertEqual(self.answering(NOISE="3e-6"), (1, "2 passed, 3 failed, 0 skipped"))

    def answering(self, **environment):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "nacre")
            program.write_text(f"#!{sys.executable}\n{ANSWERS}")
            program.chmod(0o755)
            done = subprocess.run([sys.executable, HERE / "run.py", "--cache", CACHE, "--only", "magika", "--backend", "native,null", "--nacre", program],
                                  capture_output=True, text=True, env=os.environ | environment)
        return done.returncode, (done.stdout.splitlines() or [done.stderr])[-1]

    @unittest.skipUnless(PRESENT, "silero-vad was not fetched")
    def test_nacre_that_does_not_start_fails(self):
        done = subprocess.run([sys.executable, HERE / "run.py", "--cache", CACHE, "--only", "silero", "--nacre", "/bin/false"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (1, "0 passed, 6 failed, 0 skipped"), done.stdout + done.stderr)

    def test_shape_dtype_names_and_values_count(self):
        want = {"y": np.zeros((2, 3), np.float32), "n": np.arange(3)}
        self.assertIsNone(compare.outputs_difference(want, want))
        for wrong in [{"y": np.zeros((3, 2), np.float32)}, {"y": np.zeros((2, 3))}, {"y": want["y"] + np.float32(2e-5)},
                      {"y": want["y"] + np.float32(np.nan)}, {"n": np.arange(3) + 1}, {"more": np.zeros(1)}]:
            self.assertIsNotNone(compare.outputs_difference(want | wrong, want), wrong)
        self.assertIsNotNone(compare.outputs_difference({"y": want["y"]}, want))

    def test_summaries_count(self):
        value = np.linspace(-1, 1, 9, dtype=np.float32)
        summary = {"y": {"shape": [9], "dtype": "float32", "min": -1.0, "max": 1.0, "mean": 0.0, "std": float(value.std()), "first": value[:8].tolist()}}
        self.assertIsNone(compare.summary_difference({"y": value}, summary))
        for wrong in (value[:8], value.astype(np.float64), value * np.float32(1.01), value[::-1]):
            self.assertIsNotNone(compare.summary_difference({"y": wrong}, summary))


if __name__ == "__main__":
    unittest.main()

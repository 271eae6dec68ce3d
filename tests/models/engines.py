"""What runs a model in these tests: the nacre command, and ONNX Runtime as the judge (or as a stand-in for nacre)."""
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import onnxruntime


class Failure(Exception):
    """A case that did not give outputs; its text is the reason."""


def run_command(command, seconds, **more):
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, **more)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"no answer after {seconds} s") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Failure(f"exit status {done.returncode}: {' / '.join(said[:3])[:400]}")
    return done.stdout


def values_of(value):
    """An array; of a list of maps (ZipMap's), as ONNX Runtime or JSON has them, the maps' values as rows."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return np.array([row["values"] if set(row) == {"keys", "values"} else list(row.values()) for row in value], np.float32)
    return np.asarray(value)


class Nacre:
    def __init__(self, program, backend, seconds=300):
        self.program, self.backend, self.seconds = str(program), backend, seconds

    def run(self, model, inputs, arrays=True, threads=None):
        """{output name: array} of one run, through files, as a user would. `arrays=False`: the outputs are more than arrays."""
        more = ["--threads", str(threads)] if threads else []
        with tempfile.TemporaryDirectory() as folder:
            x, y = pathlib.Path(folder, "x.npz"), pathlib.Path(folder, "y.npz" if arrays else "y.json")
            np.savez(x, **inputs)
            run_command([self.program, "run", model, "--inputs", x, "--outputs", y, "--backend", self.backend, *more], self.seconds)
            if not y.exists():
                raise Failure("exit status 0 and no output file")
            if not arrays:
                return {name: values_of(value) for name, value in json.loads(y.read_text()).items()}
            with np.load(y) as archive:
                return dict(archive)

    def embed(self, folder, sentences):
        """One embedding per sentence, in order."""
        out = run_command([self.program, "embed", "--model", folder, "--output", "json", "--", *sentences], self.seconds)
        return [np.array(json.loads(line)["embedding"]) for line in out.decode().splitlines()]


class OnnxRuntime:
    """Keeps the last model's session. `optimise=False` is another engine in effect: other kernels, other rounding."""

    def __init__(self, optimise=True, error=0.0):
        self.optimise, self.error, self.path, self.session = optimise, error, None, None
        self.backend = "onnxruntime"

    def run(self, model, inputs, arrays=True):
        if self.path != model:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 2
            options.log_severity_level = 4
            if not self.optimise:
                options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            self.session = None
            self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            self.path = model
        values = self.session.run(None, inputs)
        return {o.name: self.spoil(values_of(v)) for o, v in zip(self.session.get_outputs(), values)}

    def spoil(self, value):
        """With `error`, shifts the last element: the tests' own test, which must then fail everywhere."""
        if self.error and value.size and value.dtype.kind == "f":
            value = value.copy()
            value.flat[-1] += self.error
        return value

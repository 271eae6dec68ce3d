#!/usr/bin/env python3
"""8-bit operators and networks against numpy, to the last code, on every instruction set of this machine (NACRE_ISA).

    tests/suites/quantized.py            NACRE names the command (default build/release/nacre)

Every signedness of both operands, zero points of tensors and channels, dense, grouped and depthwise convolutions, what dynamic
quantization makes of a layer, and residual blocks between QuantizeLinear and DequantizeLinear. The last line is `N passed, M failed, K skipped`."""
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

NACRE = os.environ.get("NACRE", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "nacre"))
try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"{missing}: 8-bit operators are not compared with numpy")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

F = np.float32
SIGNS = list(itertools.product((np.uint8, np.int8), (np.uint8, np.int8)))
# channels in and out, kernel, stride, pad, groups
CONVS = [(5, 37, 1, 1, 0, 1), (16, 20, 3, 1, 1, 1), (7, 33, 3, 2, 1, 1), (12, 8, 3, 1, 1, 4), (70, 70, 3, 1, 1, 70), (20, 20, 5, 2, 2, 20)]


def windows(x, kernel, stride, pad, fill):
    """[n, c, h, w] -> [n, c, kernel, kernel, oh, ow]."""
    wide = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(wide, (kernel, kernel), axis=(2, 3))[:, :, ::stride, ::stride]
    return view.transpose(0, 1, 4, 5, 2, 3)


def conv(x, x_zero, w, w_zeros, stride, pad, groups):
    """Sums of (x - x_zero) (w - w_zeros) in int64."""
    centred = windows(x.astype(np.int64) - int(x_zero), w.shape[2], stride, pad, 0)
    weights = w.astype(np.int64) - np.asarray(w_zeros, np.int64).reshape(-1, 1, 1, 1)
    parts = zip(np.split(centred, groups, 1), np.split(weights, groups, 0))
    return np.concatenate([np.einsum("ncijhw,ocij->nohw", a, b) for a, b in parts], 1)


def limits(dtype):
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def to_codes(steps, zero, dtype):
    return np.clip(np.rint(steps) + F(zero), *limits(dtype)).astype(dtype)


def as_channels(row):
    return np.asarray(row).reshape(1, -1, 1, 1)


class Model:
    def __init__(self, seed):
        self.random, self.nodes, self.constants, self.inputs, self.want, self.values = np.random.default_rng(seed), [], [], [], {}, {}

    def codes(self, dtype, *shape):
        return self.random.integers(*limits(dtype), shape, endpoint=True).astype(dtype)

    def feed(self, name, value):
        self.inputs.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
        self.values[name] = value
        return name

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op, *inputs, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        inputs = [i if isinstance(i, str) else self.constant(i) for i in inputs]
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def expect(self, name, value):
        self.want[name] = value

    def run(self, folder, isa):
        kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in self.want.items()}
        outputs = [helper.make_tensor_value_info(name, kinds[name], value.shape) for name, value in self.want.items()]
        graph = helper.make_graph(self.nodes, "g", self.inputs, outputs, self.constants)
        path = pathlib.Path(folder, "m.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
        np.savez(path.with_suffix(".npz"), **self.values)
        out = path.with_name("y.npz")
        subprocess.run([NACRE, "run", path, "--inputs", path.with_suffix(".npz"), "--outputs", out, "--backend", "native"], check=True,
                       env={**os.environ, "NACRE_ISA": isa}, stdout=subprocess.DEVNULL)
        with np.load(out) as got:
            return {name: got[name] for name in self.want}


def zeros_of(model, dtype, count):
    """One, the middle one, one a channel, and 0 or the middle for every channel."""
    middle = 0 if dtype == np.int8 else 128
    return [model.codes(dtype), np.array(middle, dtype), model.codes(dtype, count), np.full(count, middle, dtype)]


def conv_case(model, index, x_type, w_type):
    c, m, kernel, stride, pad, groups = CONVS[index]
    x, w = model.codes(x_type, 2, c, 11, 9), model.codes(w_type, m, c // groups, kernel, kernel)
    name, zero = model.feed("x", x), model.codes(x_type)
    return name, x, w, zero, {"strides": [stride] * 2, "pads": [pad] * 4, "group": groups}, (stride, pad, groups)


def conv_integer(index, x_type, w_type):
    model = Model(index)
    name, x, w, zero, attributes, shape = conv_case(model, index, x_type, w_type)
    for w_zeros in zeros_of(model, w_type, len(w)):
        y = model.node("ConvInteger", name, w, zero, w_zeros, **attributes)
        model.expect(y, conv(x, zero, w, w_zeros, *shape).astype(np.int32))
    return model


def q_linear_conv(index, x_type, w_type):
    model = Model(100 + index)
    name, x, w, zero, attributes, shape = conv_case(model, index, x_type, w_type)
    for w_zeros in zeros_of(model, w_type, len(w)):
        scales, x_scale, y_scale = model.random.uniform(0.01, 0.03, w_zeros.shape).astype(F), F(0.05), F(0.7)
        y_zero, bias = model.codes(x_type), model.random.integers(-5000, 5000, len(w)).astype(np.int32)
        y = model.node("QLinearConv", name, x_scale, zero, w, scales, w_zeros, y_scale, y_zero, bias, **attributes)
        sums = (conv(x, zero, w, w_zeros, *shape) + as_channels(bias)).astype(F)
        unit = x_scale * scales / y_scale
        model.expect(y, to_codes(sums * (as_channels(unit) if unit.ndim else unit), y_zero, x_type))
    return model


def dynamic_range(x):
    low, high = min(F(0), x.min()), max(F(0), x.max())
    scale = (high - low) / F(255)
    return scale, np.uint8(np.rint(np.clip(-low / scale, 0, 255)))


def dynamic_conv(index, _, w_type):
    """What onnxruntime's quantize_dynamic makes of Conv, Relu and a residual."""
    model = Model(200 + index)
    c, m, kernel, stride, pad, groups = CONVS[index]
    x = model.random.normal(size=(2, c, 11, 9)).astype(F)
    name = model.feed("x", x)
    codes, scale, zero = model.node("DynamicQuantizeLinear", name, outputs=3)
    x_scale, x_zero = dynamic_range(x)
    x_codes = to_codes(x / x_scale, x_zero, np.uint8)
    w = model.codes(w_type, m, c // groups, kernel, kernel)
    for by_channel in (False, True):
        w_zero = model.codes(w_type)
        w_scale = model.random.uniform(0.01, 0.03, (1, m, 1, 1) if by_channel else ()).astype(F)
        bias = model.random.normal(size=m).astype(F)
        sums = model.node("ConvInteger", codes, w, zero, w_zero, strides=[stride] * 2, pads=[pad] * 4, group=groups)
        floats = model.node("Mul", model.node("Cast", sums, to=TensorProto.FLOAT), model.node("Mul", scale, w_scale))
        biased = model.node("Add", floats, model.node("Reshape", bias, np.array([1, -1, 1, 1])))
        want = conv(x_codes, x_zero, w, w_zero, stride, pad, groups).astype(F) * (x_scale * w_scale) + as_channels(bias)
        if stride == 1 and m == c:
            biased, want = model.node("Add", biased, name), want + x
        model.expect(model.node("Relu", biased), np.maximum(want, F(0)))
    return model


def residual_block(index, x_type, w_type):
    """Conv, then the sum with a shortcut, quantized before and after as static quantizers do."""
    model = Model(300 + index)
    c, m, kernel, stride, pad, groups = CONVS[index]
    x, w = model.codes(x_type, 2, c, 11, 9), model.codes(w_type, m, c // groups, kernel, kernel)
    name = model.feed("x", x)
    w_zeros = np.full(m, 0 if w_type == np.int8 else 128, w_type)
    w_scales, x_scale, x_zero = model.random.uniform(0.01, 0.03, m).astype(F), F(0.05), model.codes(x_type)
    own = (F(0.37), model.codes(x_type))
    sums = conv(x, x_zero, w, w_zeros, stride, pad, groups)
    own_codes = to_codes(sums.astype(F) * as_channels(x_scale * w_scales / own[0]), own[1], x_type)
    other_codes, other = model.codes(x_type, *sums.shape), (F(0.21), model.codes(x_type))
    y_scale, y_zero = F(0.53), model.codes(x_type)
    floats = model.node("Conv", model.node("DequantizeLinear", name, x_scale, x_zero),
                        model.node("DequantizeLinear", w, w_scales, w_zeros, axis=0), strides=[stride] * 2, pads=[pad] * 4, group=groups)
    back = model.node("DequantizeLinear", model.node("QuantizeLinear", floats, *own), *own)
    shortcut = model.node("DequantizeLinear", model.feed("shortcut", other_codes), *other)
    for order in ((back, shortcut), (shortcut, back))[index % 2:index % 2 + 1]:
        y = model.node("QuantizeLinear", model.node("Add", *order), y_scale, y_zero)
        steps = (own_codes.astype(F) - F(own[1])) * (own[0] / y_scale) + (other_codes.astype(F) - F(other[1])) * (other[0] / y_scale)
        model.expect(y, to_codes(steps, y_zero, x_type))
    return model


def products(index, a_type, b_type):
    model = Model(400 + index)
    m, k, n = [(1, 64, 33), (29, 70, 95), (64, 384, 64), (3, 17, 5), (14, 1, 32), (40, 129, 40)][index]
    a, b, a_zero = model.codes(a_type, m, k), model.codes(b_type, k, n), model.codes(a_type)
    name = model.feed("a", a)
    for b_zeros in zeros_of(model, b_type, n):
        y = model.node("MatMulInteger", name, b, a_zero, b_zeros)
        sums = (a.astype(np.int64) - int(a_zero)) @ (b.astype(np.int64) - b_zeros.astype(np.int64))
        model.expect(y, sums.astype(np.int32))
    return model


def main():
    doctor = json.loads(subprocess.run([NACRE, "doctor", "--json"], check=True, capture_output=True).stdout)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for make, index, (a, b) in itertools.product((conv_integer, q_linear_conv, dynamic_conv, residual_block, products), range(6), SIGNS):
            if make is dynamic_conv and a == np.int8:
                continue
            model = make(index, a, b)
            for isa in doctor["cpu"]["kernels_that_run"]:
                got = model.run(folder, isa)
                wrong = [name for name, want in model.want.items() if got[name].dtype != want.dtype or not np.array_equal(got[name], want)]
                if wrong:
                    print(f"FAILED: {make.__name__} {index} {a.__name__} by {b.__name__} on {isa}: {len(wrong)} of {len(model.want)} results, {wrong[0]} "
                          f"in {np.count_nonzero(got[wrong[0]] != model.want[wrong[0]])} of {model.want[wrong[0]].size} elements")
                passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Every operator outside contractions on a million elements: how many times ONNX Runtime's time the native engine takes.

    python bench/operators.py build/release/nacre                       # a table of all cases, the worst first
    python bench/operators.py build/release/nacre --only Cast,TopK      # some operators
    python bench/operators.py build/release/nacre --above 3             # rows above a ratio only

One thread each, one process for nacre (`bench-worker`), turns of a few runs each; the ratio is of the least times. Outputs are compared.
8-bit quantised operators are not among them, nor what ONNX Runtime has no kernel for (listed at the end).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T
from onnx import helper

N = 1 << 20
RNG = np.random.default_rng(1)
TYPES = {"f": np.float32, "d": np.float64, "h": np.float16, "i": np.int64, "k": np.int32, "u": np.uint8, "j": np.int8, "U": np.uint64, "b": np.bool_,
         "s": np.int16, "S": np.uint16, "K": np.uint32}
NAMES = {letter: np.dtype(dtype).name for letter, dtype in TYPES.items()}


def some(letter, shape, low=-3.0, high=3.0):
    if letter == "b":
        return RNG.integers(0, 2, shape).astype(bool)
    if letter in "fdh":
        return np.asarray(RNG.uniform(low, high, shape)).astype(TYPES[letter])
    return np.asarray(RNG.integers(int(max(low, 0)) if letter in "uUSK" else int(low), int(high) + 1, shape)).astype(TYPES[letter])


class Case:
    def __init__(self, op, inputs, label="", outputs=1, domain="", opset=21, compare=True, constants=(), **attributes):
        self.op, self.inputs, self.label, self.outputs, self.domain, self.opset, self.compare = op, inputs, label, outputs, domain, opset, compare
        self.attributes, self.constants = attributes, set(constants)

    def model(self):
        names = ["" if x is None else f"x{i}" for i, x in enumerate(self.inputs)]
        node = helper.make_node(self.op, names, [f"y{i}" for i in range(self.outputs)], domain=self.domain, **self.attributes)
        values = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
                  for i, (n, x) in enumerate(zip(names, self.inputs)) if n and i not in self.constants]
        constants = [onnx.numpy_helper.from_array(self.inputs[i], names[i]) for i in self.constants]
        outputs = [helper.make_empty_tensor_value_info(f"y{i}") for i in range(self.outputs)]
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1), helper.make_opsetid("ai.onnx.ml", 3)]
        return helper.make_model(helper.make_graph([node], "g", values, outputs, constants), opset_imports=opsets, ir_version=10)

    def given(self):
        return {f"x{i}": x for i, x in enumerate(self.inputs) if x is not None and i not in self.constants}

    def stored(self):
        """As an .npz holds them: strings as numpy's own, which need no pickle."""
        return {name: x.astype(str) if x.dtype == object else x for name, x in self.given().items()}


def ints(*values):
    return np.array(values, np.int64)


def elementwise():
    square = (1024, 1024)
    for op in "Ceil Floor Round Cos Sin Tan Cosh Sinh Tanh Asinh Atan Erf Exp Sigmoid Softplus Softsign Elu Selu Celu LeakyRelu ThresholdedRelu HardSigmoid HardSwish Mish Gelu Shrink IsNaN IsInf Relu Abs Neg Sign Identity".split():
        yield Case(op, [some("f", square)], "float32", opset=22 if op in ("Mish", "HardSwish") else 20)
    for op, low, high in (("Acos", -1, 1), ("Asin", -1, 1), ("Atanh", -1, 1), ("Acosh", 1, 9), ("Log", 0.1, 9), ("Sqrt", 0, 9), ("Reciprocal", 0.5, 3)):
        yield Case(op, [some("f", square, low, high)], "float32", opset=20)
    for op in "Abs Neg Sign Relu".split():
        for t in ("i", "k", "d") if op != "Relu" else ("k", "d"):
            yield Case(op, [some(t, square)], NAMES[t])
    for op in "Exp Tanh Sigmoid Sqrt Floor".split():
        yield Case(op, [some("d", square, 0, 3)], "float64")
    yield Case("Not", [some("b", square)], "bool")
    for t in "iku":
        yield Case("BitwiseNot", [some(t, square)], NAMES[t])
        for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
            yield Case(op, [some(t, square), some(t, square)], NAMES[t])
    for t in "uU":
        yield Case("BitShift", [some(t, square), some(t, square)], NAMES[t], direction="LEFT")
    for t in "fdik":
        for op in "Add Sub Mul Div".split():
            yield Case(op, [some(t, square), some(t, square, 1, 9)], NAMES[t])
        yield Case("Add", [some(t, square), some(t, (1024,))], NAMES[t] + ", a row")
        yield Case("Mul", [some(t, square), some(t, (1024, 1))], NAMES[t] + ", a column")
        yield Case("Add", [some(t, square), some(t, ())], NAMES[t] + ", a scalar")
        for op in "Min Max".split():
            yield Case(op, [some(t, square), some(t, square)], NAMES[t])
        for op in "Equal Less Greater LessOrEqual GreaterOrEqual".split():
            yield Case(op, [some(t, square), some(t, square)], NAMES[t])
        yield Case("Equal", [some(t, square), some(t, ())], NAMES[t] + ", a scalar")
        yield Case("Mod", [some(t, square), some(t, square, 1, 9)], NAMES[t], fmod=int(t in "fd"))
        yield Case("Where", [some("b", square), some(t, square), some(t, square)], NAMES[t])
        yield Case("Where", [some("b", (1, 1024)), some(t, square), some(t, ())], NAMES[t] + ", broadcast")
        yield Case("Clip", [some(t, square), np.array(-1, TYPES[t]), np.array(1, TYPES[t])], NAMES[t])
    for t in "ujsSKUh":  # what else one of the two has
        for op in "Add Mul Div Min Max Equal Less Greater".split():
            yield Case(op, [some(t, square), some(t, square, 1, 9)], NAMES[t])
        yield Case("Mod", [some(t, square), some(t, square, 1, 9)], NAMES[t], fmod=int(t == "h"))
        yield Case("Where", [some("b", square), some(t, square), some(t, square)], NAMES[t])
        yield Case("Clip", [some(t, square), np.array(0, TYPES[t]), np.array(1, TYPES[t])], NAMES[t])
        for op in "Abs Neg Sign".split():
            yield Case(op, [some(t, square)], NAMES[t])
    for t in "dh":
        for op in "Ceil Round Log Erf Cos Sin Atan Softplus LeakyRelu Elu HardSigmoid Reciprocal Gelu IsNaN IsInf".split():
            yield Case(op, [some(t, square, 0.5, 3)], NAMES[t], opset=20)
        yield Case("Pow", [some(t, square, 0, 3), np.array([2], TYPES[t])], NAMES[t] + ", squared")
        yield Case("PRelu", [some(t, square), some(t, (1024,))], NAMES[t])
    for op in "Sum Mean".split():
        yield Case(op, [some("f", square) for _ in range(3)], "float32")
    yield Case("Max", [some("f", square) for _ in range(3)], "float32, three")
    yield Case("PRelu", [some("f", square), some("f", (1024,))], "float32")
    yield Case("Pow", [some("f", square, 0, 3), some("f", square)], "float32")
    yield Case("Pow", [some("f", square, 0, 3), np.float32([2])], "float32, squared")
    yield Case("Pow", [some("f", square, 0, 3), np.float32([1.7])], "float32, 1.7")
    yield Case("Pow", [some("i", square), ints(2)], "int64, squared")
    for op in "And Or Xor Equal".split():
        yield Case(op, [some("b", square), some("b", square)], "bool")
    for a, b in "fi if fk kf fd df fh hf fb bf uf fu ik ki ib bi fj jf dk kd di id db bd dh hd hi ih hk uk ku ui iu bu ub bk kb uj ju sf fs Sf KU Uf fU".split():
        yield Case("Cast", [some(a, square, 0, 3)], f"{NAMES[a]} to {NAMES[b]}", to=helper.np_dtype_to_tensor_dtype(np.dtype(TYPES[b])))
    yield Case("Dropout", [some("f", square)], "float32")
    for op in "Gelu QuickGelu FastGelu".split():
        yield Case(op, [some("f", square)], "float32", domain="com.microsoft")
    yield Case("BiasGelu", [some("f", square), some("f", (1024,))], "float32", domain="com.microsoft")


def reductions():
    square = (1024, 1024)
    for op in "ReduceSum ReduceMean ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp ReduceProd ReduceLogSum".split():
        for axes, name in ((ints(1), "rows"), (ints(0), "columns"), (ints(0, 1), "all")):
            yield Case(op, [some("f", square, 0.9, 1.1), axes], f"float32, {name}", constants=[1])
    for op in "ReduceSum ReduceMean ReduceMax".split():
        for t in "ik":
            for axes, name in ((ints(1), "rows"), (ints(0), "columns")):
                yield Case(op, [some(t, square), axes], f"{NAMES[t]}, {name}", constants=[1])
        yield Case(op, [some("f", (16, 64, 32, 32)), ints(2, 3)], "float32, planes", constants=[1])
        yield Case(op, [some("f", (16, 64, 32, 32)), ints(1)], "float32, channels", constants=[1])
    for op in "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp".split():
        for t in "d" if op == "ReduceLogSumExp" else "dkj" if op in ("ReduceMax", "ReduceMin") else "dk":
            for axes, name in ((ints(1), "rows"), (ints(0), "columns"), (ints(0, 1), "all")):
                yield Case(op, [some(t, square, 1, 2), axes], f"{NAMES[t]}, {name}", constants=[1])
        yield Case(op, [some("f", (32, 32, 32, 32), 0.9, 1.1), ints(1, 2)], "float32, the middle", constants=[1])
        yield Case(op, [some("f", (32, 32, 32, 32), 0.9, 1.1), ints(0, 2)], "float32, every second axis", constants=[1])
    for op in "ArgMax ArgMin".split():
        for axis in (0, 1):
            for t in "fdki" + ("ju" if op == "ArgMax" else ""):
                yield Case(op, [some(t, square)], f"{NAMES[t]}, axis {axis}", axis=axis)
        yield Case(op, [some("f", (32, 1024, 32))], "float32, the middle", axis=1)
    for t in "fidk":
        for axis in (0, 1):
            yield Case("CumSum", [some(t, square), np.array(axis)], f"{NAMES[t]}, axis {axis}", constants=[1])
    for t in "fi":
        yield Case("TopK", [some(t, square, -1e6, 1e6), ints(10)], f"{NAMES[t]}, 10 of rows", outputs=2, constants=[1])
    yield Case("TopK", [some("f", (1, N)), ints(1000)], "float32, 1000 of a million", outputs=2, constants=[1])
    yield Case("TopK", [some("f", square), ints(10)], "float32, 10 of columns", outputs=2, constants=[1], axis=0)
    yield Case("TopK", [some("f", square), ints(1024)], "float32, sorted rows", outputs=2, constants=[1])
    yield Case("CumProd", [some("f", square, 0.99, 1.01), np.array(1)], "float32", constants=[1], opset=26)
    for t in "dki":
        yield Case("TopK", [some(t, square, -1e6, 1e6), ints(10)], f"{NAMES[t]}, 10 of rows, unsorted", outputs=2, constants=[1], sorted=0, compare=False)
    yield Case("Softmax", [some("d", square)], "float64, rows", axis=-1)
    yield Case("Softmax", [some("f", (32, 1024, 32))], "float32, the middle", axis=1)
    for op in "Softmax LogSoftmax Hardmax".split():
        yield Case(op, [some("f", square)], "float32, rows", axis=-1)
        yield Case(op, [some("f", square)], "float32, columns", axis=0)


def normalisations():
    images = (8, 128, 32, 32)
    for op, opset in (("LayerNormalization", 17),):
        yield Case(op, [some("f", (1024, 1024)), some("f", (1024,)), some("f", (1024,))], "float32", opset=opset)
    yield Case("RMSNormalization", [some("f", (1024, 1024)), some("f", (1024,))], "float32", opset=23)
    yield Case("SimplifiedLayerNormalization", [some("f", (1024, 1024)), some("f", (1024,))], "float32")
    yield Case("SkipLayerNormalization", [some("f", (4, 256, 1024)), some("f", (4, 256, 1024)), some("f", (1024,)), some("f", (1024,))], "float32", domain="com.microsoft")
    yield Case("InstanceNormalization", [some("f", images), some("f", (128,)), some("f", (128,))], "float32")
    yield Case("GroupNormalization", [some("f", images), some("f", (128,)), some("f", (128,))], "float32", num_groups=8)
    yield Case("BatchNormalization", [some("f", images)] + [some("f", (128,), 0.5, 1) for _ in range(4)], "float32")
    yield Case("LpNormalization", [some("f", (1024, 1024))], "float32", p=2)
    yield Case("LpNormalization", [some("f", (1024, 1024))], "float32, columns", p=1, axis=0)
    yield Case("LayerNormalization", [some("d", (1024, 1024)), some("d", (1024,)), some("d", (1024,))], "float64", opset=17)
    yield Case("BatchNormalization", [some("d", images)] + [some("d", (128,), 0.5, 1) for _ in range(4)], "float64")
    yield Case("SkipSimplifiedLayerNormalization", [some("f", (4, 256, 1024)), some("f", (4, 256, 1024)), some("f", (1024,))], "float32", domain="com.microsoft")
    yield Case("LRN", [some("f", images)], "float32", size=5)
    yield Case("MeanVarianceNormalization", [some("f", images)], "float32", opset=13)


def images():
    x = some("f", (4, 64, 64, 64))
    for op in "MaxPool AveragePool".split():
        for kernel, strides in (((3, 3), (2, 2)), ((2, 2), (2, 2)), ((3, 3), (1, 1))):
            yield Case(op, [x], f"float32, {kernel[0]}x{kernel[1]} by {strides[0]}", kernel_shape=kernel, strides=strides, pads=[kernel[0] // 2] * 4 if kernel[0] > 2 else [0] * 4)
    yield Case("MaxPool", [x], "float32, with places", outputs=2, kernel_shape=(2, 2), strides=(2, 2))
    yield Case("MaxPool", [some("f", (4, 16, 16, 32, 32))], "float32, 3-D", kernel_shape=(2, 2, 2), strides=(2, 2, 2))
    yield Case("LpPool", [x], "float32", kernel_shape=(2, 2), strides=(2, 2))
    for op in "GlobalAveragePool GlobalMaxPool GlobalLpPool".split():
        yield Case(op, [x], "float32")
    half = some("f", (1, 64, 64, 64))
    for mode in ("nearest", "linear", "cubic"):
        yield Case("Resize", [half, None, np.float32([1, 1, 2, 2])], f"{mode}, twice", mode=mode, constants=[2])
        yield Case("Resize", [x, None, np.float32([1, 1, 0.5, 0.5])], f"{mode}, half", mode=mode, constants=[2])
        yield Case("Resize", [half, None, np.float32([1, 1, 1.7, 2.3])], f"{mode}, by 1.7 and 2.3", mode=mode, constants=[2])
        yield Case("Resize", [x, None, np.float32([1, 1, 0.5, 0.5])], f"{mode}, half, antialias", mode=mode, constants=[2], antialias=int(mode != "nearest"))
        yield Case("Resize", [some("u", (1, 64, 64, 64)), None, np.float32([1, 1, 2, 2])], f"uint8, {mode}, twice", mode=mode, constants=[2])
    yield Case("Upsample", [half, np.float32([1, 1, 2, 2])], "float32", opset=9, constants=[1])
    yield Case("Resize", [half, None, np.float32([1, 1, 2, 2])], "linear, aligned corners, twice", mode="linear", coordinate_transformation_mode="align_corners", constants=[2])
    yield Case("MaxPool", [some("u", (4, 64, 64, 64))], "uint8, 2x2 by 2", kernel_shape=(2, 2), strides=(2, 2))
    yield Case("MaxPool", [some("d", (4, 64, 64, 64))], "float64, 2x2 by 2", kernel_shape=(2, 2), strides=(2, 2))
    yield Case("MaxPool", [some("f", (64, 16, 1024))], "float32, 1-D", kernel_shape=(3,), strides=(2,))
    yield Case("AveragePool", [some("f", (4, 16, 16, 32, 32))], "float32, 3-D", kernel_shape=(2, 2, 2), strides=(2, 2, 2))
    yield Case("NhwcMaxPool", [some("u", (4, 64, 64, 64))], "uint8, 2x2 by 2", domain="com.microsoft", kernel_shape=(2, 2), strides=(2, 2))
    yield Case("CropAndResize", [x, np.float32([[0.1, 0.1, 0.9, 0.9]] * 64), some("k", (64,), 0, 3), ints(16, 16).astype(np.int32)], "float32", domain="com.microsoft")
    grid = some("f", (4, 64, 64, 2), -1, 1)
    for mode in ("linear", "nearest", "cubic"):
        yield Case("GridSample", [x, grid], mode, mode=mode)
    yield Case("RoiAlign", [x, some("f", (64, 4), 0, 32) + np.float32([0, 0, 32, 32]), some("i", (64,), 0, 3)], "float32", output_height=16, output_width=16)
    yield Case("MaxRoiPool", [x, np.concatenate([some("i", (64, 1), 0, 3), some("i", (64, 2), 0, 30), some("i", (64, 2), 32, 62)], 1).astype(np.float32)], "float32", pooled_shape=[8, 8])
    yield Case("AffineGrid", [some("f", (8, 2, 3)), ints(8, 3, 256, 256)], "float32", opset=20)
    boxes = RNG.uniform(0, 1, (1, 2000, 4)).astype(np.float32)
    yield Case("NonMaxSuppression", [boxes, RNG.uniform(0, 1, (1, 8, 2000)).astype(np.float32), ints(100), np.float32([0.5]), np.float32([0.2])], "2000 boxes, 8 classes")
    yield Case("DepthToSpace", [x], "float32", blocksize=2)
    yield Case("SpaceToDepth", [x], "float32", blocksize=2)
    yield Case("Col2Im", [some("f", (1, 64 * 9, 62 * 62)), ints(64, 64), ints(3, 3)], "float32")
    yield Case("MaxUnpool", [some("f", (4, 16, 64, 64)), np.arange(4 * 16 * 64 * 64).reshape(4, 16, 64, 64) * 4, ints(4, 16, 128, 128)], "float32", kernel_shape=[2, 2], strides=[2, 2])


def movement():
    square = (1024, 1024)
    deep = (8, 128, 16, 64)
    for t in "fihub":
        yield Case("Transpose", [some(t, square)], f"{NAMES[t]}, 10")
        yield Case("Transpose", [some(t, deep)], f"{NAMES[t]}, 0213", perm=[0, 2, 1, 3])
    yield Case("Transpose", [some("f", deep)], "float32, 0231", perm=[0, 2, 3, 1])
    yield Case("Transpose", [some("f", deep)], "float32, 3210", perm=[3, 2, 1, 0])
    for t in "kdSj":
        yield Case("Transpose", [some(t, square)], f"{NAMES[t]}, 10")
        yield Case("GatherElements", [some(t, square), some("k", square, 0, 1023)], f"{NAMES[t]}, int32 indices, axis 0", axis=0)
        yield Case("Pad", [some(t, square), ints(3, 3, 3, 3)], NAMES[t], constants=[1])
        yield Case("Tile", [some(t, (512, 512)), ints(2, 2)], NAMES[t], constants=[1])
        yield Case("Slice", [some(t, square), ints(0), ints(1024), ints(0), ints(2)], f"{NAMES[t]}, every second row", constants=[1, 2, 3, 4])
    for t in "fiu":
        n = NAMES[t]
        yield Case("Concat", [some(t, square), some(t, square)], f"{n}, columns", axis=0)
        yield Case("Concat", [some(t, square), some(t, square)], f"{n}, rows", axis=1)
        yield Case("Split", [some(t, square)], n, outputs=4, axis=1, num_outputs=4)
        yield Case("Slice", [some(t, square), ints(10, 10), ints(1000, 1000)], n, constants=[1, 2])
        yield Case("Slice", [some(t, square), ints(0), ints(1024), ints(1), ints(2)], f"{n}, every second", constants=[1, 2, 3, 4])
        yield Case("Slice", [some(t, square), ints(-1), ints(-2000), ints(1), ints(-1)], f"{n}, reversed", constants=[1, 2, 3, 4])
        yield Case("Gather", [some(t, square), some("i", (1024,), 0, 1023)], f"{n}, rows", axis=0)
        yield Case("Gather", [some(t, square), some("i", (1024,), 0, 1023)], f"{n}, columns", axis=1)
        yield Case("GatherElements", [some(t, square), some("i", square, 0, 1023)], n, axis=1)
        yield Case("GatherND", [some(t, (1024, 32, 32)), some("i", (32768, 2), 0, 31)], n)
        yield Case("ScatterElements", [some(t, square), some("i", (1024, 512), 0, 1023), some(t, (1024, 512))], n, axis=0, compare=False)
        yield Case("ScatterND", [some(t, (1024, 32, 32)), RNG.permutation(1024)[:512].reshape(512, 1), some(t, (512, 32, 32))], n)
        yield Case("Expand", [some(t, (1024, 1)), ints(1024, 1024)], f"{n}, columns", constants=[1])
        yield Case("Expand", [some(t, (1, 1024)), ints(1024, 1024)], f"{n}, rows", constants=[1])
        yield Case("Tile", [some(t, (512, 512)), ints(2, 2)], n, constants=[1])
        yield Case("Pad", [some(t, square), ints(3, 3, 3, 3)], n, constants=[1])
        yield Case("Trilu", [some(t, square)], n)
        yield Case("Compress", [some(t, square), some("b", (1024,))], n, axis=0)
        yield Case("NonZero", [some(t, square)], n)
        yield Case("Unique", [some(t, (N,), 0, 200)], n, outputs=1)
    for mode in ("reflect", "edge", "wrap"):
        yield Case("Pad", [some("f", square), ints(3, 3, 3, 3)], f"float32, {mode}", mode=mode, constants=[1])
    yield Case("ScatterElements", [some("f", square), some("i", (1024, 512), 0, 1023), some("f", (1024, 512))], "float32, add", axis=0, reduction="add")
    yield Case("ReverseSequence", [some("f", square), some("i", (1024,), 1, 1023)], "float32", batch_axis=0, time_axis=1)
    yield Case("OneHot", [some("i", (1024,), 0, 1023), ints(1024), np.float32([0, 1])], "float32", constants=[1, 2])
    yield Case("EyeLike", [some("f", square)], "float32")
    yield Case("ConstantOfShape", [ints(1024, 1024)], "float32")
    for t in "fi":
        yield Case("Range", [np.array(0, TYPES[t]), np.array(N, TYPES[t]), np.array(1, TYPES[t])], NAMES[t])
    yield Case("CenterCropPad", [some("f", square), ints(900, 1100)], "float32")
    yield Case("Reshape", [some("f", square), ints(-1)], "float32", constants=[1])
    for op, second in (("Squeeze", ints(0)), ("Unsqueeze", ints(0))):
        yield Case(op, [some("f", (1, 1024, 1024)), second], "float32", constants=[1])
    for op in "Flatten Shape Size".split():
        yield Case(op, [some("f", square)], "float32")
    yield Case("TensorScatter", [some("f", (8, 16, 128, 64)), some("f", (8, 16, 1, 64)), some("i", (8,), 0, 100)], "float32", opset=24)
    for op in "HannWindow HammingWindow BlackmanWindow".split():
        yield Case(op, [np.array(N)], "float32")
    yield Case("MelWeightMatrix", [np.array(128), np.array(16384), np.array(16000), np.float32(0), np.float32(8000)], "float32")
    yield Case("BitCast", [some("f", square)], "float32 to int32", to=T.INT32, opset=26)
    for equation in ("ij->ji", "ij->i", "ij->j", "ii->i", "ii->"):
        yield Case("Einsum", [some("f", square)], equation, equation=equation)
    yield Case("Einsum", [some("f", square), some("f", square)], "ij,ij->ij", equation="ij,ij->ij")
    yield Case("CDist", [some("f", (1024, 16)), some("f", (1024, 16))], "float32", domain="com.microsoft", metric="sqeuclidean")
    yield Case("ExpandDims", [some("f", square), np.array(0, np.int32)], "float32", domain="com.microsoft", constants=[1])
    yield Case("Inverse", [some("f", (4096, 16, 16))], "float32", domain="com.microsoft", compare=False)
    cos = some("f", (128, 32))
    yield Case("RotaryEmbedding", [some("f", (1, 128, 128, 64)).reshape(1, 128, 128, 64), np.arange(128).reshape(1, 128), cos, cos], "float32", domain="com.microsoft", compare=False)
    yield Case("DFT", [some("f", (512, 1024, 1))], "float32, real", opset=20, onesided=1)
    yield Case("STFT", [some("f", (4, 65536, 1)), np.array(128), some("f", (512,))], "float32")
    for op, more in (("RandomNormal", {"shape": [1024, 1024]}), ("RandomUniform", {"shape": [1024, 1024]})):
        yield Case(op, [], "float32", compare=False, **more)
    for op in "RandomNormalLike RandomUniformLike".split():
        yield Case(op, [some("f", square)], "float32", compare=False)
    yield Case("Bernoulli", [some("f", square, 0, 1)], "float32", compare=False)
    yield Case("Multinomial", [some("f", (64, 1024))], "int32", sample_size=256, compare=False)
    yield Case("Det", [some("f", (4096, 16, 16))], "float32")


def value(name, dtype, shape):
    return helper.make_tensor_value_info(name, dtype, shape)


def control():
    yes = helper.make_node("Identity", ["c"], ["again"])
    body = helper.make_graph([yes, helper.make_node("Add", ["a", "a"], ["b"])], "body", [value("i", T.INT64, []), value("c", T.BOOL, []), value("a", T.FLOAT, [32, 32])],
                             [value("again", T.BOOL, []), value("b", T.FLOAT, [32, 32])])
    yield Case("Loop", [np.array(1000), np.array(True), np.zeros((32, 32), np.float32)], "1000 times 1024 elements", body=body)
    body = helper.make_graph([helper.make_node("Add", ["s", "x"], ["t"]), helper.make_node("Identity", ["t"], ["y"])], "body",
                             [value("s", T.FLOAT, [1024]), value("x", T.FLOAT, [1024])], [value("t", T.FLOAT, [1024]), value("y", T.FLOAT, [1024])])
    yield Case("Scan", [np.zeros(1024, np.float32), some("f", (1024, 1024))], "1024 rows", outputs=2, body=body, num_scan_inputs=1)
    branch = [helper.make_graph([helper.make_node("ConstantOfShape", ["n"], ["y"])], "b", [], [value("y", T.FLOAT, None)],
                                [onnx.numpy_helper.from_array(ints(1024, 1024), "n")]) for _ in range(2)]
    yield Case("If", [np.array(True)], "a million zeros", then_branch=branch[0], else_branch=branch[1])


def strings():
    words = np.array(["alpha", "Beta ", "gamma,delta", "x" * 40], object)[RNG.integers(0, 4, 1 << 16)]
    yield Case("StringConcat", [words, words], "65536")
    yield Case("StringSplit", [words], "65536", outputs=2, delimiter=",")
    yield Case("RegexFullMatch", [words], "65536", pattern="[a-z]+,?[a-z]*")
    yield Case("StringNormalizer", [words], "65536", case_change_action="LOWER")
    yield Case("Equal", [words, words], "65536 strings")
    yield Case("Concat", [words, words], "65536 strings", axis=0)
    yield Case("Gather", [words, some("i", (1 << 16,), 0, 65535)], "65536 strings")
    yield Case("Cast", [some("f", (1 << 16,))], "65536 float32 to string", to=T.STRING, compare=False)
    yield Case("Cast", [some("i", (1 << 16,), -1e6, 1e6).astype(str).astype(object)], "65536 strings to int64", to=T.INT64)
    yield Case("LabelEncoder", [words], "65536 strings", domain="ai.onnx.ml", keys_strings=["alpha", "Beta "], values_int64s=[1, 2])
    yield Case("CategoryMapper", [words], "65536 strings", domain="ai.onnx.ml", cats_strings=["alpha", "Beta "], cats_int64s=[1, 2])
    yield Case("TfIdfVectorizer", [some("i", (256, 256), 0, 99)], "65536", mode="TF", min_gram_length=1, max_gram_length=2, max_skip_count=0,
               ngram_counts=[0, 50], ngram_indexes=list(range(100)), pool_int64s=list(range(50)) + [x for n in range(50) for x in (n, n + 1)])
    yield Case("Tokenizer", [words], "65536", domain="com.microsoft", mark=0, mincharnum=1, pad_value="#", separators=[","])


def classic():
    rows = some("f", (16384, 64))
    yield Case("Scaler", [rows], "float32", domain="ai.onnx.ml", offset=[0.5] * 64, scale=[2.0] * 64)
    for norm in ("MAX", "L1", "L2"):
        yield Case("Normalizer", [rows], norm, domain="ai.onnx.ml", norm=norm)
    yield Case("Binarizer", [rows], "float32", domain="ai.onnx.ml", threshold=0.5)
    yield Case("Imputer", [rows], "float32", domain="ai.onnx.ml", imputed_value_floats=[0.5] * 64, replaced_value_float=float("nan"))
    yield Case("ArrayFeatureExtractor", [rows, ints(*range(0, 64, 2))], "float32", domain="ai.onnx.ml")
    yield Case("LabelEncoder", [some("i", (N,), 0, 9)], "int64", domain="ai.onnx.ml", keys_int64s=list(range(10)), values_int64s=list(range(10, 20)))
    yield Case("OneHotEncoder", [some("i", (65536,), 0, 15)], "int64", domain="ai.onnx.ml", cats_int64s=list(range(16)))
    yield Case("CategoryMapper", [some("i", (N,), 0, 9)], "int64", domain="ai.onnx.ml", cats_strings=[str(i) for i in range(10)], cats_int64s=list(range(10)), default_string="?")
    yield Case("FeatureVectorizer", [rows, rows], "float32", domain="ai.onnx.ml", inputdimensions=[64, 64])
    yield Case("LinearRegressor", [rows], "float32", domain="ai.onnx.ml", coefficients=[0.1] * 64, intercepts=[0.5], targets=1)
    yield Case("LinearClassifier", [rows], "float32", domain="ai.onnx.ml", outputs=2, coefficients=[0.01 * i for i in range(256)], intercepts=[0.1, 0.2, 0.3, 0.4],
               classlabels_ints=[0, 1, 2, 3], post_transform="SOFTMAX")
    support = {"kernel_type": "RBF", "kernel_params": [0.1, 0.0, 3.0], "coefficients": [float(x) for x in RNG.uniform(-1, 1, 32)],
               "support_vectors": [float(x) for x in RNG.uniform(-1, 1, 32 * 64)], "rho": [0.1]}
    yield Case("SVMRegressor", [rows], "32 vectors", domain="ai.onnx.ml", n_supports=32, **support)
    yield Case("SVMClassifier", [rows], "32 vectors", domain="ai.onnx.ml", outputs=2, vectors_per_class=[16, 16], classlabels_ints=[0, 1], **support)
    yield Case("TreeEnsembleClassifier", [rows], "100 trees of depth 6", domain="ai.onnx.ml", outputs=2, **votes(trees(100, 6)))
    yield Case("TreeEnsembleRegressor", [rows], "100 trees of depth 6", domain="ai.onnx.ml", **trees(100, 6))


def trees(count, depth):
    out = {key: [] for key in ("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_values", "nodes_modes", "nodes_truenodeids",
                               "nodes_falsenodeids", "target_treeids", "target_nodeids", "target_ids", "target_weights")}
    inner = 2 ** depth - 1
    for tree in range(count):
        for node in range(2 * inner + 1):
            leaf = node >= inner
            for key, value in (("treeids", tree), ("nodeids", node), ("featureids", 0 if leaf else int(RNG.integers(64))), ("values", 0.0 if leaf else float(RNG.uniform(-2, 2))),
                               ("modes", "LEAF" if leaf else "BRANCH_LEQ"), ("truenodeids", 0 if leaf else 2 * node + 1), ("falsenodeids", 0 if leaf else 2 * node + 2)):
                out["nodes_" + key].append(value)
            if leaf:
                for key, value in (("treeids", tree), ("nodeids", node), ("ids", 0), ("weights", float(RNG.uniform(-1, 1)))):
                    out["target_" + key].append(value)
    return out | {"n_targets": 1}


def votes(targets):
    """A regressor's trees as those of a classifier of two classes."""
    out = {key.replace("target_", "class_"): values for key, values in targets.items() if key != "n_targets"}
    return out | {"class_ids": [i % 2 for i in range(len(out["class_ids"]))], "classlabels_int64s": [0, 1], "post_transform": "NONE"}


def cases():
    for part in (elementwise, reductions, normalisations, images, movement, control, strings, classic):
        yield from part()


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])


def least(run, seconds):
    best, end = 1e9, time.perf_counter() + seconds
    while True:
        begin = time.perf_counter()
        run()
        now = time.perf_counter()
        best = min(best, now - begin)
        if now > end:
            return best * 1e3


class Worker:
    def __init__(self, nacre, model, inputs):
        self.process = subprocess.Popen([nacre, "bench-worker", model, "--inputs", inputs, "--threads", "1", "--dtype-policy", "exact"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        out = json.loads(line) if line else {"error": "the worker died"}
        if "error" in out:
            raise RuntimeError(out["error"])
        return out

    def ask(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.answer()


def same(folder, want):
    got = np.load(folder / "out.npz", allow_pickle=True)
    for i, b in enumerate(want):
        a = got[f"{i:03d}"]
        if b.dtype == object:
            if a.astype(str).tolist() != b.astype(str).tolist():
                return False
        elif a.shape != b.shape or not np.allclose(a.astype(np.float64), b.astype(np.float64), rtol=1e-3, atol=1e-4, equal_nan=True):
            return False
    return True


def measure(case, nacre, folder, rounds, seconds):
    model, inputs = str(folder / "m.onnx"), str(folder / "x.npz")
    onnx.save(case.model(), model)
    np.savez(inputs, **case.stored())
    try:
        session = session_of(model)
        names = [x.name for x in session.get_inputs()]
        feed = {n: np.asarray(case.given()[n]) for n in names}
        want = session.run(None, feed)
    except Exception as error:  # no kernel for this type, or a schema that it does not know
        return None, str(error).splitlines()[0]
    worker = Worker(nacre, model, inputs)
    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(least(lambda: session.run(None, feed), seconds))
        ours.append(worker.ask(f"run {seconds}")["min_ms"])
    worker.ask(f"outputs {folder / 'out.npz'}")
    alike = not case.compare or same(folder, want)
    worker.process.stdin.close()
    worker.process.wait()
    return (min(ours) / min(theirs), min(theirs), min(ours), alike), ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nacre")
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.05)
    parser.add_argument("--above", type=float, default=0)
    args = parser.parse_args()
    rows, absent = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for case in cases():
            label = f"{case.op} ({case.label})"
            if args.only and case.op not in args.only.split(","):
                continue
            try:
                row, why = measure(case, args.nacre, folder, args.rounds, args.seconds)
            except RuntimeError as error:
                row, why = None, f"nacre: {error}"
            if row is None:
                absent.append(f"{label}: {why[:120]}")
            else:
                rows.append((label, *row))
                print(f"{label}: {row[0]:.2f}", file=sys.stderr, flush=True)
    rows.sort(key=lambda row: -row[1])
    print("| operator | nacre / onnxruntime | ms: onnxruntime, nacre |\n|---|---:|---:|")
    for label, ratio, theirs, ours, alike in rows:
        if ratio >= args.above:
            print(f"| {label}{'' if alike else ' (outputs differ)'} | {ratio:.2f} | {theirs:.3f}, {ours:.3f} |")
    print(f"\n{len(rows)} cases: {sum(r[1] > 10 for r in rows)} above 10, {sum(r[1] > 3 for r in rows)} above 3, {sum(r[1] <= 1 for r in rows)} at 1 or below")
    for line in absent:
        print(f"not compared: {line}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes tests/recorded/old: operators of ai.onnx in the forms of old opsets, which importing rewrites. One model for each opset.

    pip install onnx==1.22.0 && python3 tests/recorded/record_old.py

ONNX Runtime begins at opset 7, so the expected values are the forms' own definitions in numpy.
"""
import pathlib
import numpy as np
from onnx import TensorProto, helper
from operator_cases import f, i32, random

HERE = pathlib.Path(__file__).parent
CASES = {}


def case(opset, op, inputs, expected, constant=(), **attributes):
    """`constant`: positions of inputs that are initializers."""
    CASES.setdefault(opset, []).append((op, inputs, expected, set(constant), attributes))


def along(b, rank, axis):
    return b.reshape(*b.shape, *[1] * (rank - axis - b.ndim))


def broadcasting():
    x, row, columns = f(2, 3, 4), f(3), f(3, 4)
    for opset in (1, 6):
        for op, of in (("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("Div", np.divide)):
            case(opset, op, [x, row], [of(x, along(row, 3, 1))], broadcast=1, axis=1)
            case(opset, op, [x, columns], [of(x, columns)], broadcast=1)
    case(1, "Pow", [np.abs(x), row], [np.abs(x) ** along(row, 3, 1)], broadcast=1, axis=1)
    bits, flag = random.integers(0, 2, (2, 3, 4)).astype(bool), np.array([True, False, True])
    for op, of in (("And", np.logical_and), ("Or", np.logical_or), ("Xor", np.logical_xor)):
        case(1, op, [bits, flag], [of(bits, along(flag, 3, 1))], broadcast=1, axis=1)
    for op, of in (("Greater", np.greater), ("Less", np.less)):
        case(1, op, [x, row], [of(x, along(row, 3, 1))], broadcast=1, axis=1)
    whole = i32(2, 3, 4, high=3)
    case(1, "Equal", [whole, whole[0, :, 0]], [whole == along(whole[0, :, 0], 3, 1)], broadcast=1, axis=1)
    a, b, c = f(3, 2), f(3, 4), f(4)
    for opset in (1, 6):
        case(opset, "Gemm", [a, b, c], [0.5 * a.T @ b + 2 * c], transA=1, alpha=0.5, beta=2.0, broadcast=1)
    slope = f(3)
    case(1, "PRelu", [x, slope], [np.where(x < 0, x * along(slope, 3, 1), x)])
    case(6, "PRelu", [x, slope], [np.where(x < 0, x * along(slope, 3, 1), x)])
    several = [f(2, 3), f(2, 3), f(2, 3)]
    for op, of in (("Max", np.maximum.reduce), ("Min", np.minimum.reduce), ("Sum", lambda v: np.sum(v, 0)), ("Mean", lambda v: np.mean(v, 0))):
        case(1, op, several, [of(several)], consumed_inputs=[0, 0, 0])
        case(6, op, several, [of(several)])


def statistics():
    x, scale, bias, mean, variance = f(2, 3, 4), f(3), f(3), f(3), np.abs(f(3)) + np.float32(0.5)
    wide = lambda v: along(v, 3, 1)
    y = (x - wide(mean)) / np.sqrt(wide(variance) + np.float32(1e-3)) * wide(scale) + wide(bias)
    case(1, "BatchNormalization", [x, scale, bias, mean, variance], [y], is_test=1, epsilon=1e-3, consumed_inputs=[0, 0, 0, 1, 1])
    case(6, "BatchNormalization", [x, scale, bias, mean, variance], [y], is_test=1, epsilon=1e-3)
    case(7, "BatchNormalization", [x, scale, bias, mean, variance], [y], epsilon=1e-3)
    flat = [f(3, 4), f(3, 4), f(3, 4), np.abs(f(3, 4)) + np.float32(0.5)]
    y = (x - flat[2]) / np.sqrt(flat[3] + np.float32(1e-3)) * flat[0] + flat[1]
    case(7, "BatchNormalization", [x, *flat], [y], spatial=0, epsilon=1e-3)
    n = (x - x.mean(2, keepdims=True)) / np.sqrt(x.var(2, keepdims=True) + np.float32(1e-3)) * wide(scale) + wide(bias)
    case(1, "InstanceNormalization", [x, scale, bias], [n], epsilon=1e-3, consumed_inputs=[0, 0, 0])
    case(1, "Dropout", [x], [x], is_test=1, ratio=0.7)
    case(6, "Dropout", [x], [x], is_test=1)
    case(7, "Dropout", [x], [x], ratio=0.7)
    case(10, "Dropout", [x], [x])
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        for axis in (1, 2):
            rows = x.reshape(int(np.prod(x.shape[:axis])), -1).astype(np.float64)
            e = np.exp(rows - rows.max(1, keepdims=True))
            soft = e / e.sum(1, keepdims=True)
            hard = np.eye(rows.shape[1])[rows.argmax(1)]
            want = {"Softmax": soft, "LogSoftmax": np.log(soft), "Hardmax": hard}[op].reshape(x.shape).astype(np.float32)
            for opset in (1, 11):
                case(opset, op, [x], [want], **({} if axis == 1 else {"axis": axis}))
    for op, of in (("ReduceSum", np.sum), ("ReduceMax", np.max), ("ReduceMean", np.mean), ("ReduceProd", np.prod)):
        case(1, op, [x], [of(x, (0, 2), keepdims=True)], axes=[0, 2])
        case(11, op, [x], [of(x, (0, 2))], axes=[0, -1], keepdims=0)
    case(1, "ReduceL2", [x], [np.sqrt((x ** 2).sum(keepdims=True))])
    case(1, "ArgMax", [x], [x.argmax(1)[:, None]], axis=1)


def shapes():
    x = f(2, 3, 4)
    case(1, "Reshape", [x], [x.reshape(2, 12)], shape=[0, -1])
    case(1, "Squeeze", [x[:, :1]], [x[:, 0]], axes=[1])
    case(11, "Squeeze", [x[:1, :, :1]], [x[0, :, 0]], axes=[0, -1])
    case(1, "Unsqueeze", [x], [x[None, :, None]], axes=[0, 2])
    case(1, "Slice", [x], [x[:, 1:3, 0:3]], axes=[1, 2], starts=[1, 0], ends=[1000, -1])
    case(1, "Slice", [x], [x[0:1, 1:]], starts=[0, 1], ends=[1, 3])
    case(1, "Concat", [x, x[:, :2]], [np.concatenate([x, x[:, :2]], 1)])
    case(4, "Concat", [x, x[:1]], [np.concatenate([x, x[:1]], 0)], axis=0)
    case(1, "Split", [x], list(np.split(x, [1], 1)), axis=1, split=[1, 2])
    case(2, "Split", [x], list(np.split(x, 2, 2)), axis=2)
    case(1, "Pad", [x], [np.pad(x, ((0, 0), (1, 0), (0, 2)), constant_values=1.5)], paddings=[0, 1, 0, 0, 0, 2], value=1.5)
    case(2, "Pad", [x], [np.pad(x, ((0, 0), (1, 1), (2, 0)), "reflect")], pads=[0, 1, 2, 0, 1, 0], mode="reflect")
    case(2, "Pad", [x], [np.pad(x, ((0, 0), (1, 1), (2, 0)), "edge")[:, :, :5]], pads=[0, 1, 2, 0, 1, -1], mode="edge")
    case(1, "Tile", [x, np.float32(3), np.float32(1)], [np.tile(x, (1, 3, 1))], constant=(1, 2))
    case(1, "Cast", [x * 5], [(x * 5).astype(np.int64)], to="INT64")
    case(6, "Cast", [x * 5], [(x * 5).astype(np.int32)], to=TensorProto.INT32)
    case(1, "Flatten", [x], [x.reshape(6, 4)], axis=2)
    case(1, "Clip", [x], [np.clip(x, -0.5, 0.7)], min=-0.5, max=0.7, consumed_inputs=[0])
    case(6, "Clip", [x], [np.minimum(x, np.float32(0.2))], max=0.2)
    order = np.argsort(-x, 2, kind="stable")[:, :, :2]
    case(1, "TopK", [x], [np.take_along_axis(x, order, 2), order], k=2)
    case(10, "TopK", [x, np.array([2], np.int64)], [np.take_along_axis(x, order, 2), order])
    image = f(1, 2, 3, 4)
    nearest = image.repeat(2, 2).repeat(3, 3)
    case(1, "Upsample", [image], [nearest], height_scale=2.0, width_scale=3.0)
    case(7, "Upsample", [image], [nearest], scales=[1.0, 1.0, 2.0, 3.0])
    case(9, "Upsample", [image, np.array([1, 1, 2, 3], np.float32)], [nearest], constant=(1,))
    case(10, "Resize", [image, np.array([1, 1, 2, 3], np.float32)], [nearest], constant=(1,))
    rows, at, new = f(3, 3), np.array([[1, 0, 2], [0, 2, 1]], np.int64), f(2, 3)
    want = rows.copy()
    np.put_along_axis(want, at, new, 0)
    case(9, "Scatter", [rows, at, new], [want])
    case(11, "ScatterElements", [rows, at, new], [want])
    for op, of in (("Relu", lambda v: np.maximum(v, 0)), ("Sigmoid", lambda v: 1 / (1 + np.exp(-v))), ("Tanh", np.tanh), ("Exp", np.exp), ("Abs", np.abs), ("Neg", np.negative),
                   ("LeakyRelu", lambda v: np.where(v < 0, 0.01 * v, v)), ("Elu", lambda v: np.where(v < 0, np.exp(v) - 1, v)), ("Floor", np.floor), ("Sqrt", lambda v: np.sqrt(v)),
                   ("HardSigmoid", lambda v: np.clip(0.2 * v + 0.5, 0, 1)), ("Selu", lambda v: np.where(v < 0, 1.6732 * (np.exp(v) - 1), v) * 1.0507),
                   ("Reciprocal", lambda v: 1 / v), ("Log", np.log), ("Ceil", np.ceil)):
        given = np.abs(x) + np.float32(0.1) if op in ("Sqrt", "Log") else x
        case(1, op, [given], [of(given).astype(np.float32)], consumed_inputs=[0])
    pooled = np.sqrt((image.reshape(1, 2, 3, 2, 2) ** 2).sum(4)).astype(np.float32)
    case(1, "LpPool", [image], [pooled], kernel_shape=[1, 2], strides=[1, 2], p=2.0)
    case(1, "AveragePool", [image], [image.reshape(1, 2, 3, 2, 2).mean(4)], kernel_shape=[1, 2], strides=[1, 2])
    case(1, "GlobalLpPool", [image], [np.sqrt((image ** 2).sum((2, 3), keepdims=True))], p=2.0)


def scans():
    """Scan of a batch, with and without the lengths of its sequences; what is behind a sequence's end is 0."""
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [3])
    body = helper.make_graph([helper.make_node("Add", ["s", "x"], ["t"]), helper.make_node("Mul", ["t", "t"], ["y"])], "body", [value("s"), value("x")],
                             [value("t"), value("y")])
    start, x = f(2, 3), f(2, 5, 3)
    for lengths in (None, [3, 5], [0, 4]):
        for direction in (0, 1):
            state, out = start.copy(), np.zeros_like(x)
            for row in range(2):
                length = 5 if lengths is None else lengths[row]
                for step in range(length):
                    state[row] += x[row, length - 1 - step if direction else step]
                    out[row, step] = state[row] ** 2
            first = [""] if lengths is None else [np.array(lengths, np.int64)]
            case(8, "Scan", [*first, start, x], [state, out], body=body, num_scan_inputs=1, directions=[direction])


def info(name, array):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


def main():
    for part in (broadcasting, statistics, shapes, scans):
        part()
    (HERE / "old").mkdir(exist_ok=True)
    for opset, cases in sorted(CASES.items()):
        nodes, arrays, inputs, outputs, fixed = [], {}, [], [], []
        for number, (op, given, expected, constant, attributes) in enumerate(cases):
            ins, outs = ["" if isinstance(x, str) else f"c{number}.{i}" for i, x in enumerate(given)], [f"c{number}.y{i}" for i in range(len(expected))]
            nodes.append(helper.make_node(op, ins, outs, f"c{number}", **attributes))
            for i, (name, array) in enumerate(zip(ins, given)):
                if not name:
                    continue
                array = np.asarray(array)
                if i in constant:
                    fixed.append(helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape, array.ravel().tolist()))
                else:
                    inputs.append(info(name, array))
                    arrays[name] = array
            for name, array, in zip(outs, expected):
                array = np.asarray(array)
                array = array.astype(np.float32) if array.dtype == np.float64 else array
                outputs.append(info(name, array))
                arrays[name] = array
        model = helper.make_model(helper.make_graph(nodes, "old", inputs, outputs, fixed), opset_imports=[helper.make_opsetid("", opset)], ir_version=3)
        (HERE / "old" / f"Opset{opset}.onnx").write_bytes(model.SerializeToString())
        np.savez_compressed(HERE / "old" / f"Opset{opset}.npz", **arrays)
    print(sum(map(len, CASES.values())), "cases")


if __name__ == "__main__":
    main()

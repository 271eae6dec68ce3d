#!/usr/bin/env python3
"""Writes the files beside it with the formats' own packages: onnx 1.22, numpy, ml_dtypes, safetensors.

    python tests/io/goldens/make_goldens.py
"""
import json
import pathlib

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent


def expected(tensor):
    array = numpy_helper.to_array(tensor)
    case = {"dtype": tensor.data_type, "dims": list(tensor.dims), "proto": tensor.SerializeToString().hex()}
    if tensor.data_type == T.STRING:
        case["strings"] = [s.decode() if isinstance(s, bytes) else s for s in array.ravel().tolist()]
    elif array.dtype.kind != "V" and array.dtype.itemsize > 1 or array.dtype in (np.int8, np.uint8, np.bool_):
        case["bytes"] = array.tobytes().hex()
    else:  # as numbers: their storage differs from numpy's
        case["values"] = ["nan" if v != v else v for v in array.astype(np.float32).astype(np.float64).ravel().tolist()]
    return case


def tensor_cases():
    cases = []
    for number in range(1, 27):
        if number == T.STRING:
            cases.append(helper.make_tensor("s", number, [2, 2], [b"", b"a", "grüße".encode(), b"x" * 40]))
            continue
        values = [0, 1, 1, 0, 1, 1, 1] if number == T.BOOL else [0, 1, 1, 0, 3, 2, 1] if number == T.UINT2 else [0, 1, -2, 1, 0, -1, 1] if number == T.INT2 else [1, 2, 3, 4, 1, 5, 6]
        if number in (T.INT4, T.INT8, T.INT16, T.INT32, T.INT64, T.FLOAT, T.DOUBLE, T.FLOAT16, T.BFLOAT16):
            values[1:3] = [-2, -7]
        if number in (T.COMPLEX64, T.COMPLEX128):
            values = [complex(v, -v) for v in values]
        if number == T.FLOAT8E8M0:
            values = [1, 2, 4, 0.5, 0.25, 8, 16]
        typed = helper.make_tensor(f"typed{number}", number, [7], values)
        cases += [typed, numpy_helper.from_array(numpy_helper.to_array(typed).reshape(1, 7), f"raw{number}")]
        cases.append(numpy_helper.from_array(numpy_helper.to_array(typed)[:0].reshape(0, 3), f"empty{number}"))
        cases.append(helper.make_tensor(f"scalar{number}", number, [], values[:1]))
    return [expected(case) for case in cases]


def small_model():
    branch = lambda name, op: helper.make_graph([helper.make_node(op, ["x"], [name])], name, [], [helper.make_tensor_value_info(name, T.FLOAT, ["n", 3])])
    sparse = helper.make_sparse_tensor(helper.make_tensor("sp", T.FLOAT, [2], [5, 7]), helper.make_tensor("indices", T.INT64, [2, 2], [0, 1, 2, 0]), [3, 2])
    nodes = [
        helper.make_node("If", ["c"], ["y"], name="choose", then_branch=branch("t", "Relu"), else_branch=branch("e", "Neg")),
        helper.make_node("MatMul", ["y", "sp"], ["z"]),
        helper.make_node("Twice", ["z"], ["w"], domain="local", scale=2.5),
        helper.make_node("Add", ["w", "bias"], ["out"], metadata_props=None),
        helper.make_node("Kinds", [""], ["k"], domain="local", floats=[1.5, -2.0], ints=[3, -4], strings=["a", "b"], text="ünï",
                         tensor=helper.make_tensor("v", T.INT64, [2], [1, -1]), tensors=[helper.make_tensor("w", T.FLOAT, [1], [1])],
                         kind=helper.make_optional_type_proto(helper.make_sequence_type_proto(helper.make_tensor_type_proto(T.FLOAT, [1, None, "d"])))),
    ]
    attribute = helper.make_attribute("scale", 1.0)
    reference = onnx.AttributeProto(name="value_float", ref_attr_name="scale", type=onnx.AttributeProto.FLOAT)
    constant = helper.make_node("Constant", [], ["s"])
    constant.attribute.append(reference)
    function = helper.make_function("local", "Twice", ["a"], ["b"], [constant, helper.make_node("Mul", ["a", "s"], ["b"])],
                                    [helper.make_opsetid("", 21)], ["other"], [attribute])
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", T.FLOAT, ["n", 3]), helper.make_tensor_value_info("c", T.BOOL, [])],
        [helper.make_tensor_value_info("out", T.FLOAT, ["n", 2])], [numpy_helper.from_array(np.float32([1, -1]), "bias")], doc_string="doc",
        value_info=[helper.make_value_info("m", helper.make_map_type_proto(T.STRING, helper.make_tensor_type_proto(T.INT64, None)))],
        sparse_initializer=[sparse])
    model = helper.make_model(graph, functions=[function], opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("local", 1)], ir_version=10, producer_name="goldens")
    helper.set_model_props(model, {"key": "value"})
    return model


def data_files():
    f = lambda *v: np.float32(v)
    maps = helper.make_map("m", T.STRING, [b"a", b"b"], helper.make_sequence("v", onnx.SequenceProto.TENSOR, [numpy_helper.from_array(np.int64(3)), numpy_helper.from_array(np.int64(4))]))
    nested = helper.make_sequence("n", onnx.SequenceProto.SEQUENCE, [numpy_helper.from_list([f(1, 2), f(3)]), numpy_helper.from_list([])])
    return {
        "sequence.pb": numpy_helper.from_list([f(1, 2), f(3)], "seq"), "nested.pb": nested,
        "map_sequence.pb": helper.make_sequence("q", onnx.SequenceProto.MAP, [maps]),
        "optional.pb": numpy_helper.from_optional(f(9), "opt"), "optional_none.pb": numpy_helper.from_optional(None, "none"),
        "optional_sequence.pb": numpy_helper.from_optional([f(1), f(2, 3)], "os"),
    }


def main():
    (HERE / "tensors.json").write_text(json.dumps(tensor_cases(), separators=(",", ":"), allow_nan=False))
    (HERE / "small.onnx").write_bytes(small_model().SerializeToString(deterministic=True))
    for name, proto in data_files().items():
        (HERE / name).write_bytes(proto.SerializeToString(deterministic=True))

    numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.save(HERE / "f4.npy", numbers)
    np.save(HERE / "fortran.npy", np.asfortranarray(np.arange(24, dtype=np.int64).reshape(2, 3, 4)))
    np.save(HERE / "text.npy", np.array([["a", "grüße"], ["", "日本語"]]))
    np.save(HERE / "bytes.npy", np.array([b"ab", b"c"]))
    np.save(HERE / "big_endian.npy", np.array([1, -2, 3], dtype=">i4"))
    np.save(HERE / "bfloat16.npy", np.array([1, -2.5, 3], dtype=ml_dtypes.bfloat16))
    np.save(HERE / "object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with open(HERE / "v2.npy", "wb") as file:
        np.lib.format.write_array(file, numbers, version=(2, 0))
    with open(HERE / "v3.npy", "wb") as file:
        np.lib.format.write_array(file, numbers, version=(3, 0))
    arrays = {"ids": np.array([[1, 2, 3]], dtype=np.int64), "x": numbers, "scalar": np.array(2.5), "mask": np.array([True, False]), "zeros": np.zeros((100, 100), np.int32)}
    np.savez(HERE / "stored.npz", **arrays)
    np.savez_compressed(HERE / "deflated.npz", **arrays)

    tensors = {f"a_{name}": np.array([0, 1, 2, 3], dtype=name) for name in ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool"]}
    tensors |= {"bf16": np.array([[1, -2.5], [3, 0.1]], dtype=ml_dtypes.bfloat16), "e4m3": np.array([1, -2, 448], dtype=ml_dtypes.float8_e4m3fn), "e5m2": np.array([1, -2, 57344], dtype=ml_dtypes.float8_e5m2), "empty": np.zeros((0, 5), np.float32), "scalar": np.array(7, np.int32)}
    save_file(tensors, HERE / "tensors.safetensors", metadata={"format": "np"})
    shards = HERE / "sharded"
    shards.mkdir(exist_ok=True)
    save_file({"a": np.float32([1, 2])}, shards / "model-00001-of-00002.safetensors")
    save_file({"b": np.float32([3])}, shards / "model-00002-of-00002.safetensors")
    index = {"metadata": {"total_size": 12}, "weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (shards / "model.safetensors.index.json").write_text(json.dumps(index))


if __name__ == "__main__":
    main()

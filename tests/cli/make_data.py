#!/usr/bin/env python3
"""Makes tests/cli/data: a small model, inputs in every form `nacre run` reads, and ONNX Runtime's outputs.

    python tests/cli/make_data.py       # needs onnx, onnxruntime, numpy
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent / "data"
random = np.random.default_rng(3)

weights = {"w": random.normal(size=(3, 2)).astype(np.float32), "b": random.normal(size=2).astype(np.float32),
           "table": random.normal(size=(5, 2)).astype(np.float32), "one": np.array(1, np.int64)}
nodes = [helper.make_node("MatMul", ["x", "w"], ["product"], "dense/MatMul"), helper.make_node("Add", ["product", "b"], ["sum"], "dense/Add"),
         helper.make_node("Relu", ["sum"], ["hidden"], "dense/Relu"), helper.make_node("Gather", ["table", "ids"], ["rows"], "rows/Gather"),
         helper.make_node("Add", ["hidden", "rows"], ["y"], "out/Add"), helper.make_node("Add", ["ids", "one"], ["next"], "ids/Add")]
graph = helper.make_graph(nodes, "tiny",
                          [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3]), helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch"])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2]), helper.make_tensor_value_info("next", TensorProto.INT64, ["batch"])],
                          [numpy_helper.from_array(value, name) for name, value in weights.items()])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="make_data")
onnx.checker.check_model(model)
HERE.mkdir(exist_ok=True)
(HERE / "tiny.onnx").write_bytes(model.SerializeToString())

inputs = {"x": random.normal(size=(2, 3)).astype(np.float32), "ids": np.array([4, 0], np.int64)}
outputs = dict(zip(["y", "next"], onnxruntime.InferenceSession(model.SerializeToString()).run(None, inputs)))
np.savez(HERE / "inputs.npz", **inputs)
(HERE / "inputs.json").write_text(json.dumps({name: value.tolist() for name, value in inputs.items()}))
(HERE / "outputs.json").write_text(json.dumps({name: value.tolist() for name, value in outputs.items()}))
for folder, shift in {"set": 0, "wrong": 0.5}.items():
    (HERE / folder).mkdir(exist_ok=True)
    for i, (name, value) in enumerate(inputs.items()):
        (HERE / folder / f"input_{i}.pb").write_bytes(numpy_helper.from_array(value, name).SerializeToString())
    for i, (name, value) in enumerate(outputs.items()):
        (HERE / folder / f"output_{i}.pb").write_bytes(numpy_helper.from_array((value + shift).astype(value.dtype), name).SerializeToString())

"""Random inputs, cases of one operator, and the files they become: what record_operators.py and later_operators.py are written with."""
import pathlib
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).parent
OPSETS = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1), helper.make_opsetid("ai.onnx.ml", 3)]
CASES = {}
random = np.random.default_rng(0)


def f(*shape, scale=1.0):
    return (random.standard_normal(shape) * scale).astype(np.float32)


def h(*shape):
    return f(*shape).astype(np.float16)


def u8(*shape, low=0, high=256):
    return random.integers(low, high, shape).astype(np.uint8)


def s8(*shape, low=-128, high=128):
    return random.integers(low, high, shape).astype(np.int8)


def i32(*shape, low=0, high=8):
    return random.integers(low, high, shape).astype(np.int32)


def S(x, dtype=np.float32):
    return np.array(x, dtype)


def case(op, inputs, outputs=1, formula=None, domain="com.microsoft", **attributes):
    """`inputs`: arrays, None for an absent one. `outputs`: how many, or a list that says which are wanted."""
    wanted = [True] * outputs if isinstance(outputs, int) else outputs
    CASES.setdefault((domain, op), []).append((inputs, wanted, formula, attributes))


def answers(model, feeds):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))


def one(domain, op, number, case_):
    """The node, the arrays of its inputs and those of its outputs."""
    inputs, wanted, formula, attributes = case_
    names = [f"c{number}.{i}" if x is not None else "" for i, x in enumerate(inputs)]
    while names and not names[-1]:
        names.pop()
    outs = [f"c{number}.y{i}" if w else "" for i, w in enumerate(wanted)]
    node = helper.make_node(op, names, outs, name=f"c{number}", domain="" if domain == "ai.onnx" else domain, **attributes)
    feeds = {n: np.asarray(x) for n, x in zip(names, inputs) if n}
    if formula is not None:
        return node, feeds, {n: np.asarray(x) for n, x in zip(outs, formula) if n}
    model = model_of([node], feeds, {n: None for n in outs if n})
    return node, feeds, answers(model, feeds)


def same_as(op, inputs, outputs, **attributes):
    """What ONNX Runtime says of another node."""
    return list(one("com.microsoft", op, 0, (inputs, [True] * outputs, None, attributes))[2].values())


def info(name, array):
    if array is None:
        # The type of qk follows from no input, so ONNX Runtime has to be told.
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, None) if name.endswith(".y3") else helper.make_empty_tensor_value_info(name)
    dtype = TensorProto.STRING if array.dtype.kind in "OU" else helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor_value_info(name, dtype, array.shape)


def is_small_float(array):
    """float8 and float4, which npz files cannot hold: such inputs are initializers."""
    return array is not None and array.dtype.kind == "V"


def model_of(nodes, feeds, results):
    fixed = [onnx.numpy_helper.from_array(a, n) for n, a in feeds.items() if is_small_float(a)]
    free = [info(n, a) for n, a in feeds.items() if not is_small_float(a)]
    graph = helper.make_graph(nodes, "cases", free, [info(n, a) for n, a in results.items()], fixed)
    return helper.make_model(graph, opset_imports=OPSETS, ir_version=9)


def record(domain, op, cases):
    nodes, feeds, results = [], {}, {}
    for number, case_ in enumerate(cases):
        try:
            node, given, got = one(domain, op, number, case_)
        except Exception as error:
            print(f"{op} c{number}:", " ".join(str(error).split())[-300:])
            continue
        nodes.append(node), feeds.update(given), results.update(got)
    folder = HERE / {"com.microsoft": "microsoft", "ai.onnx.ml": "ml_operators", "ai.onnx": "onnx"}[domain]
    folder.mkdir(exist_ok=True)
    (folder / f"{op}.onnx").write_bytes(model_of(nodes, feeds, results).SerializeToString())
    text = {n: a.astype(str) if a.dtype == object else a for n, a in {**feeds, **results}.items() if not is_small_float(a)}
    np.savez_compressed(folder / f"{op}.npz", **text)
    return len(nodes)


def record_default(op, cases):
    """SimplifiedLayerNormalization stands in ai.onnx's domain, though only ONNX Runtime has it."""
    global OPSETS
    nodes, feeds, results = [], {}, {}
    for number, case_ in enumerate(cases):
        node, given, got = one("", op, number, case_)
        nodes.append(node), feeds.update(given), results.update(got)
    (HERE / "microsoft" / f"{op}.onnx").write_bytes(model_of(nodes, feeds, results).SerializeToString())
    np.savez_compressed(HERE / "microsoft" / f"{op}.npz", **feeds, **results)
    return len(nodes)

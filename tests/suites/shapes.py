#!/usr/bin/env python3
"""Shape inference against ONNX's own: whatever onnx.shape_inference (strict, propagating data) knows of an edge, `nacre inspect
--edges` must know too, and where both know a dim they must agree.

    tests/suites/shapes.sh [--filter TEXT] [--more]      --more lists every operator whose results ours knows better

Over the stored cases of the onnx package, as they are and with every dim of every input a symbol of its own, and over the
models of the zoo ($NACRE_SHARED/zoo or $NACRE_ZOO). Declared shapes (value_info, outputs) are taken out before: what is
compared is inferred. Large weights become inputs of the same constant shape.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NACRE = os.environ.get("NACRE", str(ROOT / "build/release/nacre"))
# Cases where onnx knows more. It takes the dims that a body declares for its operands; ours come from what the node is given, which
# may change from step to step.
DECLARED = "onnx takes the dims that the body declares"
NOT_MET = {name: DECLARED for name in [
    "test_loop11", "test_scan9_multi_state", "test_scan9_sum", "test_scan_sum", "test_sequence_map_add_1_sequence_1_tensor",
    "test_sequence_map_add_1_sequence_1_tensor_expanded", "test_linear_attention_decode_step_expanded",
    "test_linear_attention_gated_delta_mqa_expanded", "test_linear_attention_no_past_explicit_zeros_expanded",
    "test_linear_attention_prefill_with_past_expanded"]}
NOT_MET["test_sequence_model7"] = "onnx takes one of two shapes that a sequence may hold"
LARGE = 1024  # elements; smaller constants may be shapes, axes and the like


def stripped(model, symbolic):
    """Without declared shapes of results and without large weights."""
    import onnx
    del model.graph.value_info[:]
    for output in model.graph.output:
        if output.type.WhichOneof("value") == "tensor_type":
            output.type.tensor_type.ClearField("shape")
    names = {t.name for t in model.graph.initializer}
    if symbolic:
        for value in model.graph.input:
            if value.name in names or value.type.WhichOneof("value") != "tensor_type":
                continue
            for axis, dim in enumerate(value.type.tensor_type.shape.dim):
                dim.dim_param = f"{value.name}_{axis}"
    large = [t for t in model.graph.initializer if onnx.numpy_helper.to_array(t).size > LARGE] if model.graph.initializer else []
    for tensor in large:
        if tensor.name not in {v.name for v in model.graph.input}:
            model.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))
        model.graph.initializer.remove(tensor)
    return model


def dims_of(type_proto):
    """(dtype, dims): a dim is an int, a name, or None; dims is None when the rank is not known. None: no tensor."""
    if type_proto.WhichOneof("value") != "tensor_type":
        return None
    tensor = type_proto.tensor_type
    if not tensor.HasField("shape"):
        return tensor.elem_type, None
    return tensor.elem_type, [d.dim_value if d.HasField("dim_value") else d.dim_param or None for d in tensor.shape.dim]


def theirs(model):
    """name -> (dtype, dims) of every edge that a node makes, and the operator that makes it; bodies included."""
    import onnx
    graph = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True).graph
    out = {}

    def walk(graph):
        makers = {name: node.op_type for node in graph.node for name in node.output if name}
        for value in [*graph.value_info, *graph.output]:
            known = dims_of(value.type)
            if value.name in makers and known:
                out[value.name] = (makers[value.name], *known)
        for node in graph.node:
            for attribute in node.attribute:
                for body in [attribute.g, *attribute.graphs] if attribute.type in (5, 10) else []:
                    walk(body)
    walk(graph)
    return out


def ours(path):
    done = subprocess.run([NACRE, "inspect", str(path), "--json", "--edges"], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[:300])
    return {edge["name"]: edge for edge in json.loads(done.stdout)["edges"]}


def is_known(dim):
    return dim is not None and "?" not in str(dim)


def is_wrong(op, theirs, mine):
    """What onnx makes up: the sizes of Attention are products of dims it does not know (0), and a Split's may be -1."""
    return (op == "Attention" and theirs == 0 and not str(mine).isdigit()) or (isinstance(theirs, int) and theirs < 0)


def compare(known, found, inputs):
    """Problems, and operators of which ours knows more."""
    problems, more = [], []
    for name, (op, dtype, dims) in known.items():
        edge = found.get(name)
        if edge is None:  # a constant, or rewritten when the model was read
            continue
        mine = edge["dims"]
        if dims is None:
            if mine is not None:
                more.append(op)
            continue
        if any(is_wrong(op, b, mine and mine[axis]) for axis, b in enumerate(dims) if not mine or axis < len(mine)):
            continue
        if mine is None:
            problems.append(f"{op} '{name}': rank not known, onnx has {dims}")
            continue
        if len(mine) != len(dims):
            problems.append(f"{op} '{name}': {mine}, onnx has {dims}")
            continue
        for axis, (a, b) in enumerate(zip(mine, dims)):
            if isinstance(b, int) and a != str(b):
                problems.append(f"{op} '{name}': axis {axis} is {a}, onnx has {b}")
            elif isinstance(b, str) and b in inputs and not is_known(a):
                problems.append(f"{op} '{name}': axis {axis} is {a}, onnx has {b}")
            elif not is_known(b) or (isinstance(b, str) and b not in inputs):
                if is_known(a):
                    more.append(op)
    return problems, more


def check(job):
    path, symbolic = job
    import onnx
    try:
        model = stripped(onnx.load(path), symbolic)
        known = theirs(model)
    except Exception as error:  # noqa: BLE001: onnx refuses some of its own cases
        return path, symbolic, None, str(error).splitlines()[0][:160], []
    inputs = {d.dim_param for v in model.graph.input for d in v.type.tensor_type.shape.dim if d.dim_param}
    if any(node.op_type == "Gradient" for node in model.graph.node):
        return path, symbolic, None, "Gradient is no operator of ours yet", []
    try:
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / "model.onnx"
            target.write_bytes(model.SerializeToString())
            found = ours(target)
    except Exception as error:  # noqa: BLE001
        return path, symbolic, [f"nacre inspect: {error}"], "", []
    problems, more = compare(known, found, inputs)
    if problems and path.parent.name in NOT_MET:
        return path, symbolic, None, NOT_MET[path.parent.name], more
    return path, symbolic, problems, "", more


def jobs(text):
    import onnx
    data = pathlib.Path(onnx.__file__).parent / "backend/test/data"
    stored = [p for group in ("node", "simple", "pytorch-converted", "pytorch-operator") for p in sorted((data / group).glob("*/model.onnx"))]
    folders = [os.environ.get("NACRE_ZOO"), os.path.join(os.environ.get("NACRE_SHARED") or ROOT.parent / "shared", "zoo")]
    zoo = [p for folder in folders if folder for p in sorted(pathlib.Path(folder).rglob("*.onnx"))]
    if not zoo:
        print("no models in the zoo (NACRE_ZOO, or NACRE_SHARED's zoo): the stored cases alone are compared")
    return [(p, s) for s in (False, True) for p in stored if text in str(p)] + [(p, False) for p in zoo if text in str(p)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", default="")
    parser.add_argument("--more", action="store_true")
    args = parser.parse_args()
    try:
        import onnx  # noqa: F401
    except ImportError:
        print("the onnx package is not installed: shape inference is not compared\n0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = refused = unmet = 0
    more = collections.Counter()
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for path, symbolic, problems, why, better in pool.map(check, jobs(args.filter), chunksize=8):
            label = f"{path.parent.name if path.name == 'model.onnx' else path.name}{' (symbolic)' if symbolic else ''}"
            more.update(better)
            if problems is None:
                refused += why not in NOT_MET.values()
                unmet += why in NOT_MET.values()
                if args.more:
                    print(f"not compared: {label}: {why}")
            elif problems:
                failed += 1
                print(f"FAILED {label}: {len(problems)}: " + "; ".join(problems[:3]))
            else:
                passed += 1
    print(f"onnx itself cannot infer {refused} of them, and knows more of {unmet} (NOT_MET). Dims (or ranks) that only ours knows: {sum(more.values())}, of "
          + ", ".join(f"{op} {n}" for op, n in more.most_common(None if args.more else 12)))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

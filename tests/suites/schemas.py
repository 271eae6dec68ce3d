#!/usr/bin/env python3
"""Every operator of ai.onnx and ai.onnx.ml in every version and with every type its schema allows: imported and inferred; and the
newest versions evaluated too, on the inputs of the onnx package's stored cases cast to each type. Floats of other sizes must agree
with the result in float32; of other types it is asked that they are not refused.

    NACRE=build/release/nacre tests/suites/schemas.py [OPERATOR...]

What is refused with a reason stands in schemas_refused.txt, strict both ways. scripts/test runs this; the last line is
`N passed, M failed, K skipped`, one for each operator and version.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import ml_dtypes
    import numpy as np
    import onnx
    from onnx import AttributeProto, helper, numpy_helper
except ImportError as error:
    print(f"{error}: operators are not compared with their schemas\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)

HERE = pathlib.Path(__file__).resolve().parent
NACRE = os.environ.get("NACRE", str(HERE.parent.parent / "build/release/nacre"))
DATA = pathlib.Path(onnx.__file__).parent / "backend/test/data/node"
OPTIONAL = onnx.defs.OpSchema.FormalParameterOption.Optional
# Bodies decide what these take; the suites run them.
LEFT_OUT = {"If", "Loop", "Scan", "SequenceMap", "Constant", "FlexAttention"}
NUMBERS = {"float": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "string": 8, "bool": 9, "float16": 10, "double": 11,
           "uint32": 12, "uint64": 13, "complex64": 14, "complex128": 15, "bfloat16": 16, "float8e4m3fn": 17, "float8e4m3fnuz": 18, "float8e5m2": 19,
           "float8e5m2fnuz": 20, "uint4": 21, "int4": 22, "float4e2m1": 23, "float8e8m0": 24, "uint2": 25, "int2": 26}
BITS = {"complex128": 128, "complex64": 64, "double": 64, "int64": 64, "uint64": 64, "float": 32, "int32": 32, "uint32": 32, "float16": 16, "bfloat16": 16, "int16": 16,
        "uint16": 16, "uint4": 4, "int4": 4, "float4e2m1": 4, "uint2": 2, "int2": 2}
# Attributes without which a node has no meaning.
NEEDED = {"Reshape": {"shape": [1, 1]}, "FeatureVectorizer": {"inputdimensions": [1]},
          "LinearClassifier": {"classlabels_ints": [0, 1]}, "SVMClassifier": {"classlabels_ints": [0, 1]}, "TreeEnsembleClassifier": {"classlabels_int64s": [0, 1]}}
STRINGS = {"equation": "ij->ij", "direction": "forward", "mode": "nearest"}
# Random, or with attributes whose type goes with that of the input.
RANDOM = {"TreeEnsemble", "Bernoulli", "Multinomial", "RandomNormalLike", "RandomUniformLike", "Dropout"}
TOLERANCES = {"float16": 1e-2, "bfloat16": 8e-2, "double": 1e-4}


def type_of(text):
    """tensor(float), seq(...), optional(...), map(int64, ...) as a TypeProto."""
    proto, inner = onnx.TypeProto(), text.strip()[text.strip().index("(") + 1:-1]
    if text.startswith("tensor("):
        proto.tensor_type.elem_type = NUMBERS[inner]
    elif text.startswith("seq("):
        proto.sequence_type.elem_type.CopyFrom(type_of(inner))
    elif text.startswith("optional("):
        proto.optional_type.elem_type.CopyFrom(type_of(inner))
    else:
        key, value = inner.split(",", 1)
        proto.map_type.key_type = NUMBERS[key.strip()]
        proto.map_type.value_type.CopyFrom(type_of(value.strip() if "(" in value else f"tensor({value.strip()})"))
    return proto


def bindings(schema):
    """Each type of each type variable, the others at a common one."""
    allowed = {c.type_param_str: sorted(c.allowed_type_strs) for c in schema.type_constraints}
    usual = {k: next((t for t in ("tensor(float)", "tensor(int64)", "tensor(uint8)") if t in v), v[0]) for k, v in allowed.items()}
    for variable, types in allowed.items():
        for text in types:
            bound = usual | {variable: text}
            if schema.name == "BitCast":  # as many bits on both sides
                other = {"T1": "T2", "T2": "T1"}[variable]
                bits = BITS.get(text[7:-1], 8)
                bound[other] = next(t for t in allowed[other] if BITS.get(t[7:-1], 8) == bits)
            if schema.name == "SequenceInsert":  # a tensor of the sequence's type
                bound |= {"T": text[4:-1]} if variable == "S" else {"S": f"seq({bound['T']})"}
            yield variable, text, bound
    if not allowed:
        yield "", "", {}


def attribute_for(schema, name):
    kind = schema.attributes[name].type
    kinds = onnx.defs.OpSchema.AttrType
    return {kinds.INT: 1, kinds.INTS: [1, 1], kinds.FLOAT: 1.0, kinds.FLOATS: [1.0], kinds.STRING: STRINGS.get(name, "x"), kinds.STRINGS: ["x"],
            kinds.TENSOR: helper.make_tensor("t", 1, [1], [1.0])}[kind]


def attributes(schema, variable, bound):
    """What is required, and the output's dtype where an attribute says it."""
    out = {n: attribute_for(schema, n) for n, a in schema.attributes.items() if a.required} | NEEDED.get(schema.name, {})
    for name in ("to", "dtype", "output_dtype"):
        given = bound.get(schema.outputs[0].type_str, schema.outputs[0].type_str)
        if name in schema.attributes and given.startswith("tensor("):
            out[name] = given[7:-1].upper() if schema.name == "Cast" and schema.since_version < 6 else NUMBERS[given[7:-1]]
    if schema.name == "BatchNormalization" and variable in ("U", "T2") and schema.since_version >= 14:
        out["training_mode"] = 1
    if schema.name == "LinearAttention":  # with T come decay and beta
        out["update_rule"] = "gated_delta" if variable == "T" else "linear"
    if schema.name == "DictVectorizer":
        strings = bound["T1"].startswith("map(string")
        out["string_vocabulary" if strings else "int64_vocabulary"] = ["x"] if strings else [1]
    if schema.name == "LabelEncoder":
        word = {"tensor(string)": ("strings", ["x"]), "tensor(int64)": ("int64s", [1]), "tensor(float)": ("floats", [1.0])}
        tensors = [(side, bound[t]) for side, t in (("keys", "T1"), ("values", "T2"))]
        if schema.since_version == 1:
            return {"classes_strings": ["x"]}
        for side, text in tensors:
            name, value = word[text] if text in word else ("tensor", helper.make_tensor("t", NUMBERS[text[7:-1]], [1], [1]))
            out[f"{side}_{name}"] = value
    return {k: v for k, v in out.items() if k in schema.attributes}


def ranked(schema):
    """The opset-1 forms whose rewriting needs a rank, or whose second input must be a constant."""
    return schema.since_version < 14 and schema.name in ("BatchNormalization", "Tile")


def model_of(schema, cases):
    """One node for each binding."""
    nodes, inputs, outputs, fixed = [], [], [], []
    for number, (variable, _, bound) in enumerate(cases):
        names = []
        for at, formal in enumerate(schema.inputs):
            if formal.option == OPTIONAL and formal.type_str != variable:
                names.append("")
                continue
            names.append(f"c{number}.{at}")
            proto = type_of(bound.get(formal.type_str, formal.type_str))
            if ranked(schema) and at == 0:
                proto.tensor_type.shape.dim.add().dim_value = 2
                proto.tensor_type.shape.dim.add().dim_value = 3
            if schema.name == "Tile" and schema.since_version == 1 and at > 0:
                fixed.append(helper.make_tensor(names[-1], proto.tensor_type.elem_type, [], [at - 1 or 1]))
                continue
            inputs.append(helper.make_value_info(names[-1], proto))
        while names and not names[-1]:
            names.pop()
        results = []
        for at, formal in enumerate(schema.outputs):
            if formal.option == OPTIONAL and formal.type_str != variable:
                break
            results.append(f"c{number}.y{at}")
            outputs.append(helper.make_value_info(results[-1], type_of(bound.get(formal.type_str, formal.type_str))))
        nodes.append(helper.make_node(schema.name, names, results, f"c{number}", domain=schema.domain, **attributes(schema, variable, bound)))
    graph = helper.make_graph(nodes, "types", inputs, outputs, fixed)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid(schema.domain, schema.since_version)], ir_version=13)


def nacre(*words):
    done = subprocess.run([NACRE, *words], capture_output=True, text=True, timeout=120)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no message"])[0]


def first_refused(schema, cases, try_them):
    """[(type, reason)] of what try_them(cases) refuses: all at once when nothing is, one by one when something is."""
    if try_them(cases) is None:
        return []
    reasons = [(f"{variable} = {text}", try_them([(variable, text, bound)])) for variable, text, bound in cases]
    return [(what, reason.rsplit(".onnx: ", 1)[-1]) for what, reason in reasons if reason]


def inferred(schema, folder):
    def try_them(cases):
        path = folder / f"{schema.domain}{schema.name}{schema.since_version}.onnx"
        path.write_bytes(model_of(schema, cases).SerializeToString())
        return nacre("inspect", "--no-optimise", "--backend", "reference", str(path))
    return first_refused(schema, list(bindings(schema)), try_them)


# ---- evaluation -------------------------------------------------------------------------------------------------------

def stored_cases(newest, most=3):
    """Per operator: up to three of the stored cases that are one node of its newest version and tensors alone."""
    out = {}
    for folder in sorted(DATA.iterdir()):
        model = onnx.load(folder / "model.onnx")
        node = model.graph.node[0] if len(model.graph.node) == 1 else None
        schema = node and newest.get((node.domain, node.op_type))
        if not schema or node.op_type in LEFT_OUT | {"BitCast"} or {o.domain: o.version for o in model.opset_import}.get(node.domain, 0) < schema.since_version:
            continue
        key = node.domain, node.op_type
        if len(out.get(key, [])) < most and all(i.type.HasField("tensor_type") for i in [*model.graph.input, *model.graph.output]):
            out.setdefault(key, []).append((model, folder / "test_data_set_0"))
    return out


def cast_array(array, text):
    """The values, as small as they need be to be of that type."""
    if array.dtype.kind in "OUS" or text == "string":
        return np.array([str(x) for x in array.ravel()], object).reshape(array.shape) if text == "string" else None
    wide = array.astype(np.float64) if array.dtype.kind not in "c" else array.real.astype(np.float64)
    if text == "bool":
        return wide > 0
    if text in ("uint2", "int2", "uint4", "int4"):
        return np.clip(np.rint(np.nan_to_num(wide)), 0, 1).astype(getattr(ml_dtypes, text))
    if text.startswith("uint"):
        return np.clip(np.rint(np.abs(np.nan_to_num(wide))), 0, 100).astype(text)
    if text.startswith("int"):
        return np.clip(np.rint(np.nan_to_num(wide)), -100, 100).astype(text)
    return wide.astype(helper.tensor_dtype_to_np_dtype(NUMBERS[text]))


def typed_model(model, arrays, schema, variable, text, number):
    """The case's node with inputs of that type as initializers; None where its values cannot have it."""
    node, fixed = onnx.NodeProto(), []
    node.CopyFrom(model.graph.node[0])
    variadic = len(schema.inputs) - 1
    for at, name in enumerate(node.input):
        if not name:
            continue
        array = arrays[name]
        if schema.inputs[min(at, variadic)].type_str == variable:
            array = cast_array(array, text)
            if array is None:
                return None
        node.input[at] = f"c{number}.{name}"
        fixed.append(numpy_helper.from_array(np.asarray(array), node.input[at]))
    for at, name in enumerate(node.output):
        node.output[at] = name and f"c{number}.y{at}"
    node.name = f"c{number}"
    return node, fixed


def run_nodes(domain, version, made, folder, name):
    graph = helper.make_graph([n for n, _ in made], "types", [], [onnx.ValueInfoProto(name=o) for n, _ in made for o in n.output if o], [x for _, f in made for x in f])
    path, results = folder / f"{name}.onnx", folder / f"{name}.npz"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, version)], ir_version=13).SerializeToString())
    return nacre("run", str(path), "--no-optimise", "--backend", "reference", "--inputs", str(folder / "none.npz"), "--outputs", str(results)), results


def evaluated(schema, cases, folder):
    """[(what, reason)] of types that the operator's evaluation refuses, or answers otherwise than float32."""
    bad = []
    for which, (model, data) in enumerate(cases):
        names = [i.name for i in model.graph.input]
        arrays = {n: numpy_helper.to_array(onnx.load_tensor(data / f"input_{i}.pb")) for i, n in enumerate(names)}
        arrays |= {x.name: numpy_helper.to_array(x) for x in model.graph.initializer}
        for constraint in schema.type_constraints:
            variable = constraint.type_param_str
            if not any(f.type_str == variable for f in schema.inputs):
                continue
            made = {}
            for text in sorted(constraint.allowed_type_strs):
                node = typed_model(model, arrays, schema, variable, text[7:-1], len(made)) if text.startswith("tensor(") else None
                if node:
                    made[text[7:-1]] = node
            name = f"{schema.domain}{schema.name}.{which}.{variable}"
            reason, results = run_nodes(schema.domain, schema.since_version, list(made.values()), folder, name)
            if reason:
                for text, node in made.items():
                    alone, _ = run_nodes(schema.domain, schema.since_version, [node], folder, name)
                    if alone and "does not take" not in alone:
                        bad.append((f"{variable} = tensor({text})", alone))
            else:
                bad += differences(made, results, variable)
    return list(dict(bad).items())


def differences(made, results, variable):
    bad = []
    with np.load(results) as archive:
        got = {k: archive[k] for k in archive.files}
    if "float" not in made or made["float"][0].op_type in RANDOM:
        return []
    for text, tolerance in TOLERANCES.items():
        for y, want in zip(made[text][0].output if text in made else [], made["float"][0].output):
            if not y or got[want].dtype != np.float32 or got[y].dtype.kind not in "f":
                continue
            a, b = got[y].astype(np.float64), got[want].astype(np.float64)
            if a.shape == b.shape and text == "float16":  # what is larger than its largest number
                a, b = a[np.abs(b) < 6e4], b[np.abs(b) < 6e4]
            if a.size and a.shape == b.shape and np.mean(~np.isclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)) > 0.05:
                bad.append((f"{variable} = tensor({text})", f"values differ from float32's by {np.nanmax(np.abs(a - b)):.2g}"))
    return bad


def listed():
    out = {}
    for line in (HERE / "schemas_refused.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            out[line.split(": ", 1)[0]] = line.split(": ", 1)[1]
    return out


def main():
    wanted = set(sys.argv[1:])
    schemas = [s for s in onnx.defs.get_all_schemas_with_history()
               if s.domain in ("", "ai.onnx.ml") and not s.deprecated and s.name not in LEFT_OUT and (not wanted or s.name in wanted)]
    newest = {}
    for schema in schemas:
        if schema.since_version >= newest.get((schema.domain, schema.name), schema).since_version:
            newest[schema.domain, schema.name] = schema
    expected, met, passed, failed = listed(), set(), 0, 0
    with tempfile.TemporaryDirectory() as text, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = pathlib.Path(text)
        np.savez(folder / "none.npz")
        stored = stored_cases(newest)
        jobs = [(f"{s.name} {s.since_version}", pool.submit(inferred, s, folder)) for s in schemas]
        jobs += [(f"{newest[key].name} {newest[key].since_version} evaluated", pool.submit(evaluated, newest[key], cases, folder)) for key, cases in stored.items()]
        for name, job in jobs:
            bad = []
            for what, reason in job.result():
                met.add(f"{name}, {what}")
                if f"{name}, {what}" not in expected:
                    bad.append(f"FAILED: {name}, {what}: {reason}")
            print(*bad, sep="\n", end="\n" if bad else "")
            passed, failed = passed + (not bad), failed + bool(bad)
    for name in expected:
        if name not in met and not wanted:
            failed += 1
            print(f"FAILED: {name} is listed in schemas_refused.txt and is not refused")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

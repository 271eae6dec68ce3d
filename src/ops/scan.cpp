// Scan: runs its body over the slices of its scan inputs; carries states, stacks scan outputs.
// https://onnx.ai/onnx/operators/onnx__Scan.html
#include "graph/builder.h"
#include "ops/control_flow.h"
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

struct Plan {
  size_t states = 0, inputs = 0, outputs = 0;
  std::vector<int64_t> input_axes, output_axes, input_directions, output_directions;
};

Result<std::vector<int64_t>> flags(const Attributes& attributes, std::string_view name, size_t count) {
  std::vector<int64_t> out = attributes.integers(name, std::vector<int64_t>(count, 0));
  if (out.size() != count) return fail(ErrorCode::invalid_model, name, " has ", out.size(), " entries for ", count, " values");
  return out;
}

Result<Plan> plan(const Node& node) {
  if (node.bodies.size() != 1) return fail(ErrorCode::invalid_model, "has no body");
  const Body& body = node.bodies[0];
  const int64_t scans = node.attributes.integer("num_scan_inputs", 0);
  const size_t given = node.formal_inputs(), results = body.graph->outputs.size();
  if (scans < 1 || scans > static_cast<int64_t>(given) || body.formal_inputs() != given || results < given - static_cast<size_t>(scans))
    return fail(ErrorCode::invalid_model, "num_scan_inputs is ", scans, " of ", given, " inputs; the body takes ", body.formal_inputs(),
                " and gives ", results);
  Plan p;
  for (size_t i = 0; i < given; ++i)
    if (!node.has_input(i)) return fail(ErrorCode::invalid_model, "input ", i, " is required and absent");
  p.inputs = static_cast<size_t>(scans), p.states = given - p.inputs, p.outputs = results - p.states;
  if (node.outputs.size() > results)
    return fail(ErrorCode::invalid_model, "has ", node.outputs.size(), " outputs, the body gives ", results);
  p.input_axes = NACRE_TRY(flags(node.attributes, "scan_input_axes", p.inputs));
  p.output_axes = NACRE_TRY(flags(node.attributes, "scan_output_axes", p.outputs));
  p.input_directions = NACRE_TRY(flags(node.attributes, "scan_input_directions", p.inputs));
  p.output_directions = NACRE_TRY(flags(node.attributes, "scan_output_directions", p.outputs));
  return p;
}

Result<void> infer(Inference& inference) {
  const Plan p = NACRE_TRY(plan(inference.node()));
  std::vector<Fact> states, slices;
  std::optional<SymDim> length;
  for (size_t i = 0; i < p.states; ++i) states.push_back(inference.input(i));
  for (size_t i = 0; i < p.inputs; ++i) {
    const SymShape* shape = inference.shape(p.states + i);
    Fact slice = Fact::tensor(inference.dtype(p.states + i));
    if (shape) {
      slice.shape = *shape;
      const int64_t axis = NACRE_TRY(inference.axis(p.input_axes[i], static_cast<int64_t>(shape->size())));
      length = length ? NACRE_TRY(unify(*length, (*shape)[axis], "scan inputs differ in length")) : (*shape)[axis];
      slice.shape->erase(slice.shape->begin() + axis);
    }
    slices.push_back(std::move(slice));
  }
  const std::vector<Fact> results = NACRE_TRY(infer_carried(inference, {}, std::move(states), slices, 0));
  for (size_t i = 0; i < p.outputs; ++i) {
    const Fact& element = results[p.states + i];
    std::optional<SymShape> shape = element.shape;
    if (shape) {
      const int64_t axis = NACRE_TRY(inference.axis(p.output_axes[i], static_cast<int64_t>(shape->size()) + 1));
      shape->insert(shape->begin() + axis, length ? *length : inference.fresh());
    }
    inference.set(p.states + i, element.dtype, std::move(shape));
  }
  return {};
}

Result<Tensor> slice_at(Evaluation& e, const Tensor& x, int64_t axis, int64_t at) {
  Shape shape = x.shape();
  shape.erase(shape.begin() + axis);
  Tensor out = NACRE_TRY(e.scratch(x.dtype(), shape));
  const AxisView view(x.shape(), axis);
  for (int64_t outer = 0; outer < view.outer && out.size() > 0; ++outer)
    copy_elements(x, (outer * view.length + at) * view.inner, out, outer * view.inner, view.inner);
  return out;
}

// Puts one iteration's element where it belongs; the first one decides the shape.
Result<void> place(Evaluation& e, Tensor& whole, const Tensor& element, int64_t axis, int64_t at, int64_t length, bool first) {
  Shape shape = element.shape();
  shape.insert(shape.begin() + NACRE_TRY(checked_index(axis, element.rank() + 1, "axis")), length);
  if (first) whole = NACRE_TRY(e.scratch(element.dtype(), shape));
  if (whole.shape() != shape || whole.dtype() != element.dtype())
    return fail(ErrorCode::invalid_argument, "an iteration gives ", describe(element), ", which does not fit ", describe(whole));
  const AxisView view(shape, axis < 0 ? axis + element.rank() + 1 : axis);
  for (int64_t outer = 0; outer < view.outer && element.size() > 0; ++outer)
    copy_elements(element, outer * view.inner, whole, (outer * length + at) * view.inner, view.inner);
  return {};
}

Result<int64_t> scan_length(Evaluation& e, Plan& p) {
  int64_t length = -1;
  for (size_t i = 0; i < p.inputs; ++i) {
    const Shape& shape = e.shape(p.states + i);
    p.input_axes[i] = NACRE_TRY(checked_index(p.input_axes[i], static_cast<int64_t>(shape.size()), "scan axis"));
    const int64_t own = shape[p.input_axes[i]];
    if (length >= 0 && own != length) return fail(ErrorCode::invalid_argument, "scan inputs differ in length: ", own, " against ", length);
    length = own;
  }
  return length;
}

Result<void> evaluate(Evaluation& e) {
  Plan p = NACRE_TRY(plan(e.node()));
  const int64_t length = NACRE_TRY(scan_length(e, p));
  std::vector<Value> states;
  for (size_t i = 0; i < p.states; ++i) states.push_back(e.value(i));
  std::vector<Tensor> stacked(p.outputs);
  for (int64_t step = 0; step < length; ++step) {
    NACRE_TRY(e.checkpoint());
    std::vector<Value> formal;
    for (Value& state : states) formal.push_back(std::move(state));
    for (size_t i = 0; i < p.inputs; ++i)
      formal.emplace_back(NACRE_TRY(slice_at(e, e.input(p.states + i), p.input_axes[i], p.input_directions[i] ? length - 1 - step : step)));
    std::vector<Value> results = NACRE_TRY(e.run_body(0, std::move(formal)));
    for (size_t i = 0; i < p.states; ++i) states[i] = std::move(results[i]);
    for (size_t i = 0; i < p.outputs; ++i)
      NACRE_TRY(place(e, stacked[i], results[p.states + i].tensor(), p.output_axes[i], p.output_directions[i] ? length - 1 - step : step,
                      length, step == 0));
  }
  for (size_t i = 0; i < p.states && i < e.output_count(); ++i) e.set(i, std::move(states[i]));
  for (size_t i = 0; i < p.outputs && p.states + i < e.output_count(); ++i) {
    if (length > 0)
      e.set(p.states + i, std::move(stacked[i]));
    else if (e.has_output(p.states + i))
      NACRE_TRY(empty_output(e, p.states + i, p.output_axes[i]));
  }
  return {};
}

/// `y` with zeros behind, as long along axis 0 as `whole`.
Edge filled_up(Builder& b, Edge y, Edge whole) {
  const auto length = [&](Edge x) { return b.add("Shape", {x}, {{"start", int64_t{0}}, {"end", int64_t{1}}}); };
  const Edge rest = b.add("Shape", {y}, {{"start", int64_t{1}}});
  const Edge zero = b.add("CastLike", {b.constant(Tensor::scalar<float>(0)), y});
  const Edge zeros = b.add("Expand", {zero, b.add("Concat", {b.sub(length(whole), length(y)), rest}, {{"axis", int64_t{0}}})});
  return b.add("Concat", {y, zeros}, {{"axis", int64_t{0}}});
}

// Opset 8 scanned axis 1 of a batch and had the sequences' lengths as its first input: a Scan over the batch whose body is
// today's Scan, over the elements that the sequence has; what it gives is filled up with zeros.
Result<void> upgrade(Upgrade& u) {
  Node& node = u.node;
  if (u.version > 8) return {};
  const bool with_lengths = u.has(0);
  if (node.bodies.size() != 1 || node.inputs.empty()) return fail(ErrorCode::invalid_model, "has no body or no inputs");
  const Edge lengths = node.inputs[0];
  node.inputs.erase(node.inputs.begin());
  const size_t formal = node.formal_inputs();
  const int64_t scans = node.attributes.integer("num_scan_inputs", 0);
  if (scans < 1 || scans > static_cast<int64_t>(formal))
    return fail(ErrorCode::invalid_model, "num_scan_inputs is ", scans, " of ", formal, " inputs");
  const size_t states = formal - static_cast<size_t>(scans);
  Node inner = node;
  inner.attributes = Attributes{{"num_scan_inputs", scans}};
  if (node.attributes.has("directions")) inner.attributes.set("scan_input_directions", node.attributes.integers("directions"));
  Graph batch;
  Builder b(batch);
  inner.inputs.clear(), inner.outputs.clear();
  Body outer("body", Graph{});
  for (size_t i = 0; i < formal; ++i) inner.inputs.push_back(batch.add_input(cat("input", i), Fact{}));
  const Edge whole = inner.inputs[states], length = with_lengths ? batch.add_input("length", Fact{}) : kAbsent;
  for (size_t i = formal; i < node.inputs.size(); ++i) {
    inner.inputs.push_back(batch.add_input(cat("input", i), Fact{}));
    outer.captures.push_back(static_cast<int32_t>(i + with_lengths));
  }
  for (size_t i = states; with_lengths && i < formal; ++i)
    inner.inputs[i] = b.add("Slice", {inner.inputs[i], b.ints({0}), b.reshape(length, std::vector<int64_t>{1}), b.ints({0})});
  NACRE_TRY(b.status());
  for (int32_t& position : inner.bodies[0].captures) position -= 1;
  for (size_t i = 0; i < inner.bodies[0].graph->outputs.size(); ++i) inner.outputs.push_back(batch.add_edge());
  const std::vector<Edge> results = inner.outputs;
  batch.nodes.push_back(std::move(inner));
  for (size_t i = 0; i < results.size(); ++i)
    batch.add_output(with_lengths && i >= states ? filled_up(b, results[i], whole) : results[i], cat("output", i));
  NACRE_TRY(b.status());
  outer.graph = std::make_unique<Graph>(std::move(batch));
  node.bodies[0] = std::move(outer);
  node.attributes = Attributes{{"num_scan_inputs", static_cast<int64_t>(formal + with_lengths)}};
  if (with_lengths) node.inputs.insert(node.inputs.begin() + static_cast<int64_t>(formal), lengths);
  return {};
}

}  // namespace

extern const Op op_scan;
const Op op_scan{.name = "Scan",
                 .since = {8, 9, 11, 16, 19, 21, 23, 24, 25},
                 .inputs = {0, kMany},  // opset 8 began with optional lengths; today's must all be there, which `plan` checks
                 .outputs = {0, kMany},
                 .infer = infer,
                 .evaluate = evaluate,
                 .upgrade = upgrade,
                 .kind = OpKind::control};

}  // namespace nacre

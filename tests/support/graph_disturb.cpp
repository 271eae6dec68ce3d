// How far apart two correct answers may be: the same graph with every rounding made a little different.
#include <algorithm>

#include "tests/support/graph_maker.h"

namespace nacre::test {
namespace {

// A few units in the last place, as sums in another order or another polynomial give; also for what enters a node, since two
// correct sums of its operands differ by as much as if those did.
double disturbance(DType dtype) {
  switch (dtype) {
    case DType::float64: return 2e-15;
    case DType::float16: return 0x1p-10;
    case DType::bfloat16: return 0x1p-7;
    default: return 1e-6;
  }
}

void disturb(Tensor& tensor, Dice& dice) {
  const bool complex = is_complex(tensor.dtype());
  const DType dtype = tensor.dtype() == DType::complex64 ? DType::float32 : complex ? DType::float64 : tensor.dtype();
  if (!is_float(dtype) || bits_of(dtype) < 16) return;
  const double size = disturbance(dtype);
  std::vector<double> numbers(size_t(tensor.size()) * (complex ? 2 : 1));
  load_as<double>(dtype, tensor.raw(), 0, int64_t(numbers.size()), numbers.data());
  for (double& x : numbers) x *= 1 + (dice.one_in(2) ? size : -size) * (0.5 + dice.real() / 2);
  Tensor out(tensor.dtype(), tensor.shape());
  store_from<double>(dtype, out.mutable_raw(), 0, int64_t(numbers.size()), numbers.data());
  tensor = std::move(out);
}

// Rows of a normalisation: so many elements each; 0: it has none, or its rows are few.
int64_t row_width(const Node& node, const Tensor& x) {
  const std::string_view op = node.op->name;
  int64_t begin = 2, width = 1;
  if (!node.op->domain.empty() || x.size() == 0) return 0;
  if (op == "LayerNormalization")
    begin = node.attributes.integer("axis", -1), begin += begin < 0 ? x.rank() : 0;
  else if (op == "GroupNormalization")
    width = x.shape()[1] / node.attributes.integer("num_groups", 1);
  else if (op != "InstanceNormalization")
    return 0;
  for (int64_t axis = begin; axis < x.rank(); ++axis) width *= x.shape()[size_t(axis)];
  return width;
}

double largest(const Tensor& tensor) {
  std::vector<double> numbers(size_t(tensor.size()));
  load_as<double>(tensor.dtype(), tensor.raw(), 0, tensor.size(), numbers.data());
  double out = 0;
  for (double x : numbers) out = std::max(out, std::abs(x));
  return out;
}

// (x - mean) / deviation * scale + bias rounds the mean, relative to the mean's size, and the sum, relative to its terms' sizes; both
// may be much larger than the result, and no change of x shows it (a row of two gives -1 and 1 whatever it holds).
void disturb_normalised(const Node& node, Steps& steps, Dice& dice) {
  const Tensor x = steps[node.inputs[0]].tensor();
  const int64_t width = row_width(node, x);
  if (width == 0 || node.outputs[0] == kAbsent) return;
  Tensor& y = steps[node.outputs[0]].tensor();
  const double scale = largest(steps[node.inputs[1]].tensor()), bias = node.has_input(2) ? largest(steps[node.inputs[2]].tensor()) : 0;
  const double epsilon = node.attributes.real("epsilon", 1e-5f), size = disturbance(x.dtype());
  std::vector<double> row(static_cast<size_t>(width)), out(row.size());
  for (int64_t at = 0; at < x.size(); at += width) {
    load_as<double>(x.dtype(), x.raw(), at, width, row.data());
    load_as<double>(y.dtype(), y.raw(), at, width, out.data());
    double mean = 0, square = 0;
    for (double value : row) mean += value / double(width);
    for (double value : row) square += (value - mean) * (value - mean) / double(width);
    const double shift = (dice.real() - 0.5) * 2 * size * std::abs(mean) / std::sqrt(square + epsilon) * scale;
    for (double& value : out) value += shift + (dice.real() - 0.5) * 2 * size * (bias + std::abs(value - bias));
    store_from<double>(y.dtype(), y.mutable_raw(), at, width, out.data());
  }
}

Value disturbed_value(const Value& value, Dice& dice) {
  if (value.is_tensor()) {
    Tensor out = value.tensor();
    disturb(out, dice);
    return out;
  }
  if (value.kind() == Value::Kind::map) return value;
  std::vector<Value> items;
  for (const Value& item : value.items()) items.push_back(disturbed_value(item, dice));
  if (value.kind() == Value::Kind::sequence) return Value::sequence(std::move(items));
  return items.empty() ? Value::optional() : Value::optional(std::move(items[0]));
}

}  // namespace

Result<std::vector<Value>> disturbed(const Case& c, uint64_t seed) {
  Dice dice(seed);
  Steps steps(c.graph);
  for (size_t i = 0; i < c.inputs.size(); ++i) steps[c.graph.inputs[i]] = c.inputs[i].second;
  for (size_t i = 0; i < c.graph.nodes.size(); ++i) {
    Node node = c.graph.nodes[i];
    const NodeRule rule = c.rules[i];
    for (size_t n = 0; n < node.inputs.size() && n < Steps::kSpare; ++n) {
      if (node.inputs[n] == kAbsent || rule.kind == 'm' || (rule.jumps >> std::min<size_t>(n, 31) & 1)) continue;
      const Edge instead = Edge(int32_t(c.graph.edge_count() + n));  // an edge that comes in twice is disturbed twice
      Value value = disturbed_value(steps[node.inputs[n]], dice);
      steps[instead] = std::move(value);
      node.inputs[n] = instead;
    }
    NACRE_TRY(steps.step(node));
    if (rule.kind == 't') disturb_normalised(node, steps, dice);
    if (rule.kind != 'm')
      for (Edge edge : node.outputs)
        if (edge != kAbsent) steps[edge] = disturbed_value(steps[edge], dice);
  }
  std::vector<Value> out;
  for (Edge edge : c.graph.outputs) out.push_back(steps[edge]);
  return out;
}

}  // namespace nacre::test

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
    if (rule.kind != 'm')
      for (Edge edge : node.outputs)
        if (edge != kAbsent) steps[edge] = disturbed_value(steps[edge], dice);
  }
  std::vector<Value> out;
  for (Edge edge : c.graph.outputs) out.push_back(steps[edge]);
  return out;
}

}  // namespace nacre::test

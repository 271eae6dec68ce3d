#include "ops/einsum_matmul.h"

#include <algorithm>
#include <optional>

#include "ops/einsum_equation.h"

namespace nacre {
namespace {

using Labels = std::vector<int>;

bool has(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }
bool repeats(Labels labels) {
  std::sort(labels.begin(), labels.end());
  return std::adjacent_find(labels.begin(), labels.end()) != labels.end();
}

// Labels by their part in the product; -1 for a missing row, column or sum.
struct Product {
  Labels batch;
  int row = -1, column = -1, sum = -1;
};

// One place for each label: false when it is taken.
bool place(int& slot, int label) { return std::exchange(slot, label) == -1; }

std::optional<Product> classify(const Equation& equation) {
  const Labels &a = equation.inputs[0], &b = equation.inputs[1];
  if (repeats(a) || repeats(b)) return std::nullopt;
  Product out;
  for (int label : equation.output) {
    if (has(a, label) && has(b, label))
      out.batch.push_back(label);
    else if (!place(has(a, label) ? out.row : out.column, label))
      return std::nullopt;
  }
  for (int label : a)
    if (!has(equation.output, label) && (!has(b, label) || !place(out.sum, label))) return std::nullopt;
  for (int label : b)
    if (!has(equation.output, label) && !has(a, label)) return std::nullopt;
  return out;
}

// A label whose dims may differ between the operands (one of them 1) would be broadcast; MatMul does that to batches only.
bool same_dims(const NodeView& node, const Equation& equation, int label) {
  if (label < 0) return true;
  auto dim = [&](size_t i) {
    const Labels& labels = equation.inputs[i];
    return (*node.fact(i).shape)[std::find(labels.begin(), labels.end(), label) - labels.begin()];
  };
  return dim(0) == dim(1);
}

// The operand with its axes in this order; a label it lacks (-1) becomes an axis of 1.
Edge arrange(Builder& b, Edge x, const Labels& labels, const Labels& order) {
  std::vector<int64_t> perm, missing;
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] < 0)
      missing.push_back(static_cast<int64_t>(i));
    else
      perm.push_back(std::find(labels.begin(), labels.end(), order[i]) - labels.begin());
  }
  if (!std::is_sorted(perm.begin(), perm.end())) x = b.transpose(x, perm);
  return missing.empty() ? x : b.unsqueeze(x, missing);
}

}  // namespace

Edge lower_einsum(Builder& builder, const NodeView& node) {
  if (node.node.formal_inputs() != 2 || !node.fact(0).shape || !node.fact(1).shape) return kAbsent;
  const Result<Equation> equation =
      Equation::parse(node.attributes().string("equation", ""), {node.fact(0).shape->size(), node.fact(1).shape->size()});
  if (!equation) return kAbsent;
  const std::optional<Product> product = classify(*equation);
  if (!product || !same_dims(node, *equation, product->sum)) return kAbsent;
  if (product->row < 0 && product->column < 0 && product->sum < 0)
    return builder.mul(arrange(builder, node.input(0), equation->inputs[0], equation->output),
                       arrange(builder, node.input(1), equation->inputs[1], equation->output));
  Labels left = product->batch, right = product->batch, result;
  left.insert(left.end(), {product->row, product->sum});
  right.insert(right.end(), {product->sum, product->column});
  const Edge y = builder.matmul(arrange(builder, node.input(0), equation->inputs[0], left),
                                arrange(builder, node.input(1), equation->inputs[1], right));
  std::vector<int64_t> ones;
  const int64_t batch = static_cast<int64_t>(product->batch.size());
  if (product->row < 0) ones.push_back(batch);
  if (product->column < 0) ones.push_back(batch + 1);
  const Edge squeezed = ones.empty() ? y : builder.add("Squeeze", {y, builder.ints(ones)});
  for (int label : product->batch) result.push_back(label);
  if (product->row >= 0) result.push_back(product->row);
  if (product->column >= 0) result.push_back(product->column);
  return arrange(builder, squeezed, result, equation->output);
}

}  // namespace nacre

// What lies between DequantizeLinear and QuantizeLinear becomes an operator on the 8-bit codes themselves: QLinearConv (Gemm is
// one of a single position), sums, products, averages, tables of 256 codes for what goes element by element, and moves.
#include <algorithm>

#include "core/convert.h"
#include "ops/interpreter.h"
#include "passes/pass.h"
#include "passes/quantized.h"

namespace nacre {
namespace {

constexpr std::string_view kMoves[] = {"MaxPool", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Identity"};

class Fuser {
 public:
  explicit Fuser(Graph& graph) : graph_(graph), match_(graph), done_(graph.nodes.size()) {}

  Result<bool> run() {
    bool changed = false;
    for (size_t n = 0; n < done_.size(); ++n) {
      if (done_[n] || !NACRE_TRY(fuse(n))) continue;
      changed = true;
    }
    for (Node& node : added_) graph_.nodes.push_back(std::move(node));
    return changed;
  }

 private:
  Result<bool> fuse(size_t n) {
    const Node& node = graph_.nodes[n];
    if (!node.op->domain.empty() || node.outputs.empty() || node.outputs[0] == kAbsent) return false;
    const std::string_view op = node.op->name;
    if (op == "QuantizeLinear") return table(n);
    const std::optional<Ending> ending = ending_of(match_, node);
    if (!ending && op == "MatMul") return product_in_float(n);
    if (!ending || done_[ending->node]) return false;
    if (op == "MatMul") return product(node, *ending);
    if (op == "Conv") return convolution(node, *ending);
    if (op == "Gemm") return gemm(node, *ending);
    if (op == "Add" || op == "Mul") return binary(node, *ending);
    if (op == "AveragePool" || op == "GlobalAveragePool") return average(node, *ending);
    if (op == "ReduceMean") return mean_of_planes(node, *ending);
    if (op == "Concat") return concat(node, *ending);
    if (std::find(std::begin(kMoves), std::end(kMoves), op) != std::end(kMoves)) return move(node, *ending);
    return false;
  }

  // --- putting nodes in place ---

  Edge push(std::string_view op, std::vector<Edge> inputs, Attributes attributes = {}, std::string_view domain = "") {
    const Edge out = graph_.add_edge({}, {});
    added_.push_back(
        {.op = find_op(domain, op), .name = {}, .inputs = std::move(inputs), .outputs = {out}, .attributes = std::move(attributes)});
    return out;
  }

  /// The last node pushed makes what the QuantizeLinear made, under the name of the one that the codes replace.
  bool finish(const Ending& ending, const std::string& name) {
    Node& quantize = graph_.nodes[ending.node];
    std::swap(added_.back().outputs[0], quantize.outputs[0]);  // nobody reads the other one: it is tidied away
    added_.back().name = name;
    done_[ending.node] = true;
    return true;
  }
  bool finish_clamped(const Ending& ending, const std::string& name, Edge codes) {
    if (!ending.clamps()) return finish(ending, name);
    const Codes& y = ending.y;
    push_table(codes, y.dtype, y.dtype, [&](int32_t code) { return std::clamp(code, ending.low, ending.high); });
    return finish(ending, name);
  }

  Edge zero_of(const Codes& codes) { return codes.zero != kAbsent ? codes.zero : graph_.add_constant(Tensor(codes.dtype, {})); }

  template <class F>
  Edge push_table(Edge codes, DType from, DType to, F code_for) {
    Tensor table(to, {256});
    int8_t* entries = static_cast<int8_t*>(table.mutable_raw());
    for (int32_t byte = 0; byte < 256; ++byte) entries[byte] = int8_t(code_for(from == DType::int8 ? int32_t(int8_t(byte)) : byte));
    return push("Lookup", {codes, graph_.add_constant(std::move(table))}, {}, "nacre");
  }

  /// `x` in the codes of `y`.
  Edge in_codes_of(const Codes& y, const Codes& x, Edge edge) {
    return push_table(edge, x.dtype, y.dtype, [&](int32_t code) { return y.code(double(float(code - x.origin) * x.step)); });
  }

  // --- one method for each kind ---

  std::vector<Edge> convolution_inputs(const Codes& x, Edge codes, const WeightCodes& w, Edge w_codes, const Codes& y) {
    const Edge w_zero = w.zero != kAbsent ? w.zero : graph_.add_constant(Tensor(w.codes->dtype(), graph_.constant(w.scale)->shape()));
    return {codes, x.scale, zero_of(x), w_codes, w.scale, w_zero, y.scale, zero_of(y)};
  }

  bool convolution(const Node& node, const Ending& ending) {
    const std::optional<Codes> x = codes_of(match_, node.inputs[0]);
    const std::optional<WeightCodes> w = weight_codes_of(match_, node.inputs[1], 0);
    if (!x || !w || (w->codes->rank() != 3 && w->codes->rank() != 4) || w->codes->size() == 0) return false;
    std::optional<Tensor> bias;
    if (node.has_input(2) && !(bias = integer_bias(match_, node.inputs[2], x->step, w->steps, w->codes->shape()[0]))) return false;
    std::vector<Edge> inputs = convolution_inputs(*x, x->edge, *w, w->edge, ending.y);
    if (bias) inputs.push_back(graph_.add_constant(std::move(*bias)));
    return finish_clamped(ending, node.name, push("QLinearConv", std::move(inputs), node.attributes));
  }

  /// The rows of x are images of one position.
  bool gemm(const Node& node, const Ending& ending) {
    const Attributes& a = node.attributes;
    const bool transposed = a.integer("transB", 0) != 0;
    const std::optional<Codes> x = codes_of(match_, node.inputs[0]);
    const std::optional<WeightCodes> w = weight_codes_of(match_, node.inputs[1], transposed ? 0 : 1);
    if (!x || !w || w->codes->rank() != 2 || w->codes->size() == 0) return false;
    if (a.integer("transA", 0) != 0 || a.real("alpha", 1) != 1 || (node.has_input(2) && a.real("beta", 1) != 1)) return false;
    const Shape shape = w->codes->shape();
    const int64_t k = shape[transposed ? 1 : 0], count = shape[transposed ? 0 : 1];
    std::optional<Tensor> bias;
    if (node.has_input(2) && !(bias = integer_bias(match_, node.inputs[2], x->step, w->steps, count))) return false;
    Tensor kernels(w->codes->dtype(), {count, k, 1, 1});
    const int8_t* from = static_cast<const int8_t*>(w->codes->stored());
    int8_t* to = static_cast<int8_t*>(kernels.mutable_raw());
    for (int64_t row = 0; row < count; ++row)
      for (int64_t i = 0; i < k; ++i) *to++ = from[transposed ? row * k + i : i * count + row];
    Tensor axes(DType::int64, {2});
    axes.mutable_data<int64_t>()[0] = 2, axes.mutable_data<int64_t>()[1] = 3;
    const Edge spatial = graph_.add_constant(std::move(axes)), images = push("Unsqueeze", {x->edge, spatial});
    std::vector<Edge> inputs = convolution_inputs(*x, images, *w, graph_.add_constant(std::move(kernels)), ending.y);
    if (bias) inputs.push_back(graph_.add_constant(std::move(*bias)));
    const Edge sums = push("QLinearConv", std::move(inputs));
    added_.back().name = node.name;
    return finish_clamped(ending, node.name, push("Squeeze", {sums, spatial}));
  }

  /// The second operand of a MatMul: fixed, with one scale or one for each column, or codes like the first.
  std::optional<WeightCodes> right_operand(Edge edge) const {
    if (std::optional<WeightCodes> w = weight_codes_of(match_, edge, 1); w && w->codes->rank() == 2) return w;
    const std::optional<Codes> b = codes_of(match_, edge);
    return b ? std::optional(WeightCodes{b->edge, nullptr, b->scale, b->zero, {b->step}}) : std::nullopt;
  }
  Edge zero_of(const WeightCodes& w) {
    return w.zero != kAbsent ? w.zero : graph_.add_constant(Tensor(graph_.fact(w.edge).dtype, graph_.constant(w.scale)->shape()));
  }

  bool product(const Node& node, const Ending& ending) {
    const std::optional<Codes> a = codes_of(match_, node.inputs[0]);
    const std::optional<WeightCodes> b = right_operand(node.inputs[1]);
    if (!a || !b) return false;
    return finish_clamped(
        ending, node.name,
        push("QLinearMatMul", {a->edge, a->scale, zero_of(*a), b->edge, b->scale, zero_of(*b), ending.y.scale, zero_of(ending.y)}));
  }

  /// A product of codes by fixed codes whose result is wanted as float: integer sums, then one scale or one for each column.
  bool product_in_float(size_t n) {
    Node& node = graph_.nodes[n];
    const std::optional<Codes> a = codes_of(match_, node.inputs[0]);
    const std::optional<WeightCodes> b = right_operand(node.inputs[1]);
    if (!a || !b || !b->codes) return false;
    Tensor scale(DType::float32, graph_.constant(b->scale)->shape());
    for (size_t i = 0; i < b->steps.size(); ++i) scale.mutable_data<float>()[i] = a->step * b->steps[i];
    const Edge sums = push("MatMulInteger", {a->edge, b->edge, zero_of(*a), zero_of(*b)});
    const Edge floats = push("Cast", {sums}, {{"to", static_cast<int64_t>(DType::float32)}});
    become(node, "Mul", {floats, graph_.add_constant(std::move(scale))});
    return done_[n] = true;
  }

  bool binary(const Node& node, const Ending& ending) {
    const std::optional<Codes> a = codes_of(match_, node.inputs[0]), b = codes_of(match_, node.inputs[1]);
    if (!a || !b) return false;
    const std::string_view op = node.op->name == "Add" ? "QLinearAdd" : "QLinearMul";
    return finish_clamped(
        ending, node.name,
        push(op, {a->edge, a->scale, zero_of(*a), b->edge, b->scale, zero_of(*b), ending.y.scale, zero_of(ending.y)}, {}, "nacre"));
  }

  bool average(const Node& node, const Ending& ending) {
    const std::optional<Codes> x = codes_of(match_, node.inputs[0]);
    const auto& shape = graph_.fact(node.inputs[0]).shape;
    if (!x || x->dtype != ending.y.dtype || !shape || (shape->size() != 3 && shape->size() != 4)) return false;
    const std::string_view op = node.op->name == "AveragePool" ? "QLinearAveragePool" : "QLinearGlobalAveragePool";
    return finish_clamped(ending, node.name,
                          push(op, {x->edge, x->scale, zero_of(*x), ending.y.scale, zero_of(ending.y)},
                               op == "QLinearAveragePool" ? node.attributes : Attributes(), "nacre"));
  }

  /// What some exporters write for GlobalAveragePool.
  bool mean_of_planes(const Node& node, const Ending& ending) {
    const auto& shape = graph_.fact(node.inputs[0]).shape;
    const Tensor* axes = node.has_input(1) ? graph_.constant(node.inputs[1]) : nullptr;
    if (!shape || !axes || axes->dtype() != DType::int64 || node.attributes.integer("keepdims", 1) != 1) return false;
    const int64_t rank = int64_t(shape->size());
    std::vector<int64_t> spatial, wanted;
    for (int64_t axis : axes->data<int64_t>()) wanted.push_back(axis < 0 ? axis + rank : axis);
    for (int64_t axis = 2; axis < rank; ++axis) spatial.push_back(axis);
    std::sort(wanted.begin(), wanted.end());
    return wanted == spatial && average(node, ending);
  }

  bool concat(const Node& node, const Ending& ending) {
    std::vector<Codes> parts;
    for (Edge edge : node.inputs) {
      const std::optional<Codes> part = codes_of(match_, edge);
      if (!part) return false;
      parts.push_back(*part);
    }
    std::vector<Edge> inputs;
    for (const Codes& part : parts) inputs.push_back(part.means_the_same(ending.y) ? part.edge : in_codes_of(ending.y, part, part.edge));
    return finish_clamped(ending, node.name, push("Concat", std::move(inputs), node.attributes));
  }

  /// What only moves elements, and the largest of some, which a positive scale does not change.
  bool move(const Node& node, const Ending& ending) {
    const std::optional<Codes> x = codes_of(match_, node.inputs[0]);
    if (!x || node.has_output(1)) return false;
    std::vector<Edge> inputs = node.inputs;
    inputs[0] = x->edge;
    Edge moved = push(node.op->name, std::move(inputs), node.attributes);
    if (!x->means_the_same(ending.y)) moved = in_codes_of(ending.y, *x, moved);
    return finish_clamped(ending, node.name, moved);
  }

  // --- element by element: one operand and constants ---

  /// The only operand of `node` that is no constant, when the result is shaped like it and nobody else reads it.
  std::optional<Edge> operand_of(const Node& node) const {
    if (node.op->kind != OpKind::elementwise || !node.op->domain.empty() || !node.op->deterministic || node.outputs.size() != 1)
      return std::nullopt;
    Edge operand = kAbsent;
    for (Edge edge : node.inputs) {
      if (edge == kAbsent || graph_.constant(edge)) continue;
      if (operand != kAbsent) return std::nullopt;
      operand = edge;
    }
    if (operand == kAbsent || !match_.is_float32(operand) || !match_.is_float32(node.outputs[0])) return std::nullopt;
    for (Edge edge : node.inputs)
      if (const Tensor* constant = graph_.constant(edge); constant && constant->size() != 1) return std::nullopt;
    const auto &x = graph_.fact(operand).shape, &y = graph_.fact(node.outputs[0]).shape;
    return x && y && *x == *y ? std::optional(operand) : std::nullopt;
  }

  Result<bool> table(size_t n) {
    const Node& quantize = graph_.nodes[n];
    const std::optional<Codes> y = codes_made_by(graph_, quantize);
    if (!y) return false;
    std::vector<const Node*> chain{&quantize};
    Edge edge = quantize.inputs[0];
    std::optional<Codes> x;
    while (!(x = codes_of(match_, edge))) {
      const Node* node = match_.uses().single(edge) ? match_.maker(edge) : nullptr;
      const std::optional<Edge> operand = node ? operand_of(*node) : std::nullopt;
      if (!operand) return false;
      chain.push_back(node), edge = *operand;
    }
    if (graph_.constant(x->edge)) return false;
    chain.push_back(match_.maker(edge));
    std::optional<Tensor> table = table_of(chain, x->dtype);
    if (!table || table->size() != 256) return false;
    const std::string name = chain.size() > 2 ? chain[1]->name : quantize.name;
    if (x->means_the_same(*y) && chain.size() == 2)
      push("Identity", {x->edge});
    else
      push("Lookup", {x->edge, graph_.add_constant(std::move(*table))}, {}, "nacre");
    return finish({.node = n, .y = *y}, name);
  }

  /// The chain, last node first, on all 256 codes.
  std::optional<Tensor> table_of(std::span<const Node* const> chain, DType dtype) const {
    Graph graph;
    Tensor codes(dtype, {256});
    for (int32_t byte = 0; byte < 256; ++byte) static_cast<uint8_t*>(codes.mutable_raw())[byte] = uint8_t(byte);
    Edge edge = graph.add_constant(std::move(codes));
    Edge before = chain.back()->inputs[0];
    for (size_t i = chain.size(); i-- > 0;) {
      Node node = *chain[i];
      for (Edge& input : node.inputs)
        input = input == before ? edge : input == kAbsent ? kAbsent : graph.add_constant(*graph_.constant(input));
      before = node.outputs[0];
      edge = graph.add_edge({}, graph_.fact(before));
      node.outputs = {edge};
      graph.nodes.push_back(std::move(node));
    }
    graph.add_output(edge, "y");
    auto made = interpret(graph, {}, {});
    return made && (*made)[0].is_tensor() ? std::optional((*made)[0].tensor()) : std::nullopt;
  }

  Graph& graph_;
  Match match_;
  std::vector<bool> done_;
  std::vector<Node> added_;
};

Result<bool> run(Graph& graph, const PassOptions&) { return Fuser(graph).run(); }

}  // namespace

extern const Pass pass_fuse_quantized;
const Pass pass_fuse_quantized{.name = "fuse_quantized", .level = PassLevel::fusion, .order = 5, .run = run};

}  // namespace nacre

// Every operator on inputs and attributes it may never have seen: a result or a typed error, the same kind of result from
// native as from reference. Run it under ASan to see what it is for.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "core/convert.h"
#include "graph/builder.h"
#include "graph/op.h"
#include "runtime/session_state.h"

namespace nacre {
namespace {

constexpr DType kTypes[] = {DType::float32, DType::int64,        DType::boolean,   DType::float64,  DType::int32,
                            DType::uint8,   DType::float16,      DType::int8,      DType::bfloat16, DType::string,
                            DType::int4,    DType::float8e4m3fn, DType::complex64, DType::uint64};
constexpr const char* kIntegerNames[] = {"axis",
                                         "keepdims",
                                         "group",
                                         "to",
                                         "num_outputs",
                                         "hidden_size",
                                         "transA",
                                         "transB",
                                         "batch_dims",
                                         "k",
                                         "largest",
                                         "ceil_mode",
                                         "count_include_pad",
                                         "storage_order",
                                         "blocksize",
                                         "dtype",
                                         "select_last_index",
                                         "exclusive",
                                         "reverse",
                                         "size",
                                         "p",
                                         "periodic",
                                         "q_num_heads",
                                         "kv_num_heads",
                                         "is_causal",
                                         "block_size",
                                         "onesided",
                                         "noop_with_empty_axes",
                                         "allowzero",
                                         "start",
                                         "end",
                                         "num_groups",
                                         "sorted",
                                         "upper",
                                         "output_height",
                                         "sampling_ratio",
                                         "linear_before_reset",
                                         "center_point_box",
                                         "time_axis",
                                         "transposed",
                                         "residual_after",
                                         "num_scan_inputs",
                                         "stash_type",
                                         "saturate",
                                         "num_heads",
                                         "rotary_embedding_dim",
                                         "antialias"};
constexpr const char* kListNames[] = {"axes",         "perm",  "kernel_shape", "strides", "pads",   "dilations", "output_padding",
                                      "output_shape", "split", "shape",        "scales",  "starts", "ends"};
constexpr const char* kTextNames[] = {
    "mode",       "direction",   "auto_pad", "reduction", "equation", "approximate", "coordinate_transformation_mode",
    "activation", "padding_mode"};
constexpr const char* kTexts[] = {"constant", "reflect", "linear", "nearest", "cubic",     "bidirectional", "reverse", "SAME_UPPER",
                                  "VALID",    "add",     "mean",   "none",    "ij,jk->ik", "...i->...",     "tanh",    "Relu",
                                  "",         "edge",    "wrap",   "DCR",     "CRD",       "bilinear"};

class Caller {
 public:
  /// Values of 1e10 cancel in sums, whatever their order; they are for operators that do not add up.
  Caller(uint64_t seed, const Op& op) : random_(seed), most_(op.kind == OpKind::elementwise || op.kind == OpKind::movement ? 1e10 : 100) {}

  /// One node of `op` in a graph of its own, or nothing where inference refuses it.
  std::optional<Graph> make(const Op& op) {
    inputs.clear();
    Graph graph;
    Builder builder(graph);
    Node node;
    node.op = &op, node.name = "it";
    const size_t most = size_t(std::min(op.inputs.most, op.inputs.least + 3)),
                 arity = size_t(op.inputs.least) + below(most - size_t(op.inputs.least) + 1);
    const bool plain = below(3) > 0;
    const DType common = below(2) ? DType::float32 : kTypes[below(std::size(kTypes))];
    const Shape shape = dims(4);
    for (size_t i = 0; i < arity; ++i)
      node.inputs.push_back(i >= size_t(op.inputs.least) && below(4) == 0 ? kAbsent : add_input(graph, i, plain, common, shape));
    for (int n = int(below(4)); n > 0; --n) add_attribute(node.attributes);
    const size_t outputs = size_t(op.outputs.least) + below(size_t(std::min(op.outputs.most, op.outputs.least + 2) - op.outputs.least) + 1);
    for (size_t i = 0; i < std::max<size_t>(outputs, 1); ++i) node.outputs.push_back(graph.add_edge());
    const std::vector<Edge> made = node.outputs;
    builder.append(std::move(node));
    if (!builder.status()) return std::nullopt;
    for (size_t i = 0; i < made.size(); ++i) graph.add_output(made[i], "y" + std::to_string(i));
    return graph;
  }

  Inputs inputs;

 private:
  size_t below(size_t n) { return random_() % n; }

  Shape dims(size_t most) {
    Shape out(below(most + 1));
    for (int64_t& dim : out) dim = below(12) ? 1 + int64_t(below(4)) : 0;
    return out;
  }

  Shape near(const Shape& shape) {
    Shape out = shape;
    if (below(3) == 0 && !out.empty()) out.erase(out.begin());
    if (below(4) == 0 && !out.empty()) out[below(out.size())] = 1;
    if (below(6) == 0) out.push_back(1 + int64_t(below(3)));
    return out;
  }

  Tensor values(DType dtype, const Shape& shape) {
    Tensor out(dtype, shape);
    if (dtype == DType::string) return out;
    std::vector<double> numbers(size_t(out.size()));
    for (double& x : numbers) x = below(20) ? double(int(below(7)) - 3) : below(2) ? most_ : 0.5;
    store_from<double>(dtype, out.mutable_raw(), 0, out.size(), numbers.data());
    return out;
  }

  Edge add_input(Graph& graph, size_t i, bool plain, DType common, const Shape& shape) {
    const bool list = i > 0 && below(3) == 0;  // axes, shapes and the like
    const DType dtype = list ? DType::int64 : plain || below(2) ? common : kTypes[below(std::size(kTypes))];
    const Tensor tensor = values(dtype, list                ? Shape(below(2), int64_t(below(4)))
                                        : plain && below(2) ? shape
                                        : below(2)          ? near(shape)
                                                            : dims(4));
    if (below(4) == 0) return graph.add_constant(tensor);
    Fact fact = Fact::of(tensor);
    fact.values = nullptr;
    switch (below(3)) {
      case 0: break;
      case 1: fact.shape.reset(); break;
      default:
        for (SymDim& dim : *fact.shape) dim = graph.fresh_symbol();
    }
    inputs.emplace_back("x" + std::to_string(i), tensor);
    return graph.add_input("x" + std::to_string(i), std::move(fact));
  }

  int64_t number() {
    static constexpr int64_t kOdd[] = {INT64_MIN, INT64_MAX, int64_t{1} << 40, -100, 1 << 20};
    return below(12) ? int64_t(below(7)) - 2 : kOdd[below(std::size(kOdd))];
  }

  void add_attribute(Attributes& attributes) {
    switch (below(4)) {
      case 0:
      case 1: return attributes.set(kIntegerNames[below(std::size(kIntegerNames))], number());
      case 2: {
        std::vector<int64_t> list(below(5));
        for (int64_t& x : list) x = number();
        return attributes.set(kListNames[below(std::size(kListNames))], list);
      }
      default: return attributes.set(kTextNames[below(std::size(kTextNames))], std::string(kTexts[below(std::size(kTexts))]));
    }
  }

  std::mt19937_64 random_;
  double most_;
};

Result<std::vector<Value>> run_on(const Graph& graph, const char* backend, const Inputs& inputs) {
  const auto state = NACRE_TRY(make_session(
      graph,
      {.backends = {backend}, .strict = true, .threads = 1, .memory_budget = 4 << 20, .optimise = std::string_view(backend) == "native"}));
  return run_session(*state, inputs, {.timeout = std::chrono::seconds(5)});
}

bool close(const Tensor& a, const Tensor& b) {
  if (describe(a) != describe(b)) return false;
  if (a.dtype() != DType::float32) return true;
  for (int64_t i = 0; i < a.size(); ++i) {
    const double x = a.data<float>()[size_t(i)], y = b.data<float>()[size_t(i)];
    if (x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x) > 1e8 || std::abs(y) > 1e8) continue;  // sums of 1e10 cancel
    if (!(std::abs(x - y) <= 1e-4 + 1e-3 * std::abs(y))) return false;
  }
  return true;
}

/// What one call gave on two backends; empty when they agree.
std::string difference(const Result<std::vector<Value>>& got, const Result<std::vector<Value>>& expected) {
  if (got.has_value() != expected.has_value())
    return std::string("native: ") + (got ? "ran" : got.error().what()) + "\nreference: " + (expected ? "ran" : expected.error().what());
  if (!got) return got.error().code() == ErrorCode::internal ? std::string("internal: ") + got.error().what() : "";
  for (size_t i = 0; i < got->size(); ++i)
    if ((*got)[i].is_tensor() && (*expected)[i].is_tensor() && !close((*got)[i].tensor(), (*expected)[i].tensor()))
      return "output " + std::to_string(i) + " differs";
  return "";
}

/// NACRE_ANY_OPERATOR_CALLS: more of them, for a long hunt.
uint64_t seeds() {
  const char* asked = std::getenv("NACRE_ANY_OPERATOR_CALLS");
  return asked ? std::strtoull(asked, nullptr, 10) : 1000;
}

class AnyOperator : public testing::TestWithParam<const Op*> {};

TEST_P(AnyOperator, GivesAResultOrATypedErrorOnEveryBackend) {
  const Op& op = *GetParam();
  for (uint64_t seed = 0; seed < seeds(); ++seed) {
    Caller caller(seed * 1000 + std::hash<std::string_view>()(op.name) % 1000, op);
    const auto graph = caller.make(op);
    if (!graph) continue;
    const auto expected = run_on(*graph, "reference", caller.inputs), got = run_on(*graph, "native", caller.inputs);
    if (!op.deterministic) continue;
    ASSERT_EQ(difference(got, expected), "") << seed << "\n" << print(*graph);
  }
}

std::string test_name(const testing::TestParamInfo<const Op*>& info) {
  std::string name(info.param->domain);
  for (char& letter : name)
    if (letter == '.') letter = '_';
  return name + (name.empty() ? "" : "_") + std::string(info.param->name);
}
INSTANTIATE_TEST_SUITE_P(Ops, AnyOperator, testing::ValuesIn(all_ops().begin(), all_ops().end()), test_name);

}  // namespace
}  // namespace nacre

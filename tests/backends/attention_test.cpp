// The attention of the common exporters becomes one node, and says the same with fusion and without, and as a plain formula.
#include <gtest/gtest.h>

#include <cmath>

#include "graph/builder.h"
#include "passes/pass.h"
#include "runtime/session_state.h"

namespace nacre {
namespace {

constexpr int64_t kHeads = 4, kSize = 8;

/// One exporter's spelling.
struct Spelling {
  const char* name;
  double divide = 1, multiply_both = 1;   // of the scores; of q and k alike
  bool mask = false;                      // added: float [batch,1,1,seq]
  int keep = 0;                           // 1: Where(c, scores, lowest); 2: Where(c, lowest, scores), c [1,1,seq,seq]
  int64_t groups = kHeads;                // heads of k and v
  bool zero_nan = false, direct = false;  // direct: k turned by one transpose
  double fill = -3.4028234663852886e38;
};

const Spelling kSpellings[] = {
    {.name = "Bert", .divide = std::sqrt(8.0), .mask = true},
    {.name = "BertDirect", .divide = std::sqrt(8.0), .mask = true, .direct = true},
    {.name = "DistilBert", .divide = std::sqrt(8.0), .keep = 2},
    {.name = "Gpt2", .divide = std::sqrt(8.0), .mask = true, .keep = 1},
    {.name = "LlamaGrouped", .multiply_both = std::pow(8.0, -0.25), .mask = true, .groups = 2, .zero_nan = true},
    {.name = "T5", .mask = true},
    {.name = "Vit", .multiply_both = std::pow(8.0, -0.25)},
};

class Spelled {
 public:
  explicit Spelled(const Spelling& s) : s_(s), b_(graph_) {
    const SymDim batch = SymDim::symbol("batch"), seq = SymDim::symbol("seq");
    const Edge q = graph_.add_input("q", Fact::tensor(DType::float32, SymShape{batch, seq, kHeads * kSize}));
    const Edge k = graph_.add_input("k", Fact::tensor(DType::float32, SymShape{batch, seq, s.groups * kSize}));
    const Edge v = graph_.add_input("v", Fact::tensor(DType::float32, SymShape{batch, seq, s.groups * kSize}));
    const Edge mask = graph_.add_input("mask", Fact::tensor(DType::float32, SymShape{batch, 1, 1, seq}));
    const Edge keep = graph_.add_input("keep", Fact::tensor(DType::boolean, SymShape{1, 1, seq, seq}));
    const Edge y = b_.matmul(weights(heads(q, kHeads), k, mask, keep), repeated(heads(v, s.groups), v));
    graph_.add_output(b_.reshape(b_.transpose(y, {0, 2, 1, 3}), {0, 0, kHeads * kSize}), "y");
  }
  Graph take() {
    EXPECT_TRUE(b_.status());
    return graph_;
  }

 private:
  Edge heads(Edge x, int64_t count) { return b_.transpose(b_.reshape(x, {0, 0, count, kSize}), {0, 2, 1, 3}); }

  Edge repeated(Edge x, Edge tokens) {
    if (s_.groups == kHeads) return x;
    const Edge shape = b_.add("Shape", {tokens});
    const Edge batch = b_.add("Gather", {shape, b_.ints({0})}), seq = b_.add("Gather", {shape, b_.ints({1})});
    const Edge wide = b_.add("Concat", {batch, b_.ints({s_.groups, kHeads / s_.groups}), seq, b_.ints({kSize})}, {{"axis", int64_t{0}}});
    const Edge all = b_.add("Concat", {batch, b_.ints({kHeads}), seq, b_.ints({kSize})}, {{"axis", int64_t{0}}});
    return b_.reshape(b_.add("Expand", {b_.unsqueeze(x, {2}), wide}), all);
  }

  Edge times(Edge x, double factor) { return factor == 1 ? x : b_.mul(x, b_.scalar(factor, x)); }

  Edge turned_keys(Edge k) {
    if (s_.direct) return b_.transpose(b_.reshape(k, {0, 0, kHeads, kSize}), {0, 2, 3, 1});
    return times(b_.transpose(repeated(heads(k, s_.groups), k), {0, 1, 3, 2}), s_.multiply_both);
  }

  Edge weights(Edge q, Edge k, Edge mask, Edge keep) {
    Edge scores = b_.matmul(times(q, s_.multiply_both), turned_keys(k));
    if (s_.divide != 1) scores = b_.div(scores, b_.scalar(s_.divide, scores));
    if (s_.keep == 1) scores = b_.where(keep, scores, b_.scalar(s_.fill, scores));
    if (s_.keep == 2) scores = b_.where(keep, b_.scalar(s_.fill, scores), scores);
    if (s_.mask) scores = b_.add(scores, mask);
    const Edge p = b_.add("Softmax", {scores}, {{"axis", int64_t{-1}}});
    return s_.zero_nan ? b_.where(b_.add("IsNaN", {p}), b_.scalar(0, p), p) : p;
  }

  Spelling s_;
  Graph graph_;
  Builder b_;
};

float noise(int64_t i, int64_t salt) { return float(std::sin(double(i) * 12.9898 + double(salt) * 78.233)); }

Inputs inputs_for(const Spelling& s, int64_t batch, int64_t seq) {
  Inputs out;
  int64_t salt = 0;
  for (auto [name, width] : {std::pair("q", kHeads * kSize), {"k", s.groups * kSize}, {"v", s.groups * kSize}}) {
    Tensor x(DType::float32, {batch, seq, width});
    ++salt;
    for (int64_t i = 0; i < x.size(); ++i) x.mutable_data<float>()[size_t(i)] = noise(i, salt);
    out.emplace_back(name, std::move(x));
  }
  Tensor mask(DType::float32, {batch, 1, 1, seq}), keep(DType::boolean, {1, 1, seq, seq});
  for (int64_t i = 0; i < mask.size(); ++i) mask.mutable_data<float>()[size_t(i)] = i % 5 == 3 ? -1e4f : 0.25f * noise(i, 9);
  if (s.zero_nan)
    for (int64_t key = 0; key < seq; ++key) mask.mutable_data<float>()[size_t(key)] = -INFINITY;  // the first sequence sees nothing
  for (int64_t i = 0; i < seq * seq; ++i) keep.mutable_data<bool>()[size_t(i)] = (i % seq <= i / seq) == (s.keep == 1);
  out.emplace_back("mask", std::move(mask));
  out.emplace_back("keep", std::move(keep));
  return out;
}

/// The formula, in double.
std::vector<double> expected(const Spelling& s, const Inputs& in, int64_t batch, int64_t seq) {
  auto f = [&](size_t i, int64_t b, int64_t t, int64_t h, int64_t d) {
    const Tensor& x = in[i].second.tensor();
    return double(x.data<float>()[size_t((b * seq + t) * x.shape()[2] + h * kSize + d)]);
  };
  std::vector<double> out;
  const double scale = s.multiply_both * s.multiply_both / s.divide;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t t = 0; t < seq; ++t)
      for (int64_t h = 0; h < kHeads; ++h) {
        std::vector<double> p;
        const int64_t group = h * s.groups / kHeads;
        double sum = 0;
        for (int64_t u = 0; u < seq; ++u) {
          double score = 0;
          for (int64_t d = 0; d < kSize; ++d) score += scale * f(0, b, t, h, d) * f(1, b, u, group, d);
          if (s.mask) score += in[3].second.tensor().data<float>()[size_t(b * seq + u)];
          if (s.keep && u > t) score = -INFINITY;
          p.push_back(std::exp(score)), sum += p.back();
        }
        for (int64_t d = 0; d < kSize; ++d) {
          double y = 0;
          for (int64_t u = 0; u < seq; ++u) y += sum == 0 ? 0 : p[size_t(u)] / sum * f(2, b, u, group, d);
          out.push_back(y);
        }
      }
  return out;
}

class AttentionSpelling : public testing::TestWithParam<Spelling> {};
INSTANTIATE_TEST_SUITE_P(Exporters, AttentionSpelling, testing::ValuesIn(kSpellings), [](const auto& info) { return info.param.name; });

TEST_P(AttentionSpelling, BecomesOneNodeWithoutTransposes) {
  Graph graph = Spelled(GetParam()).take();
  ASSERT_TRUE(optimise(graph, PassLevel::standard));
  ASSERT_TRUE(optimise(graph, PassLevel::fusion));
  int attentions = 0;
  for (const Node& node : graph.nodes) {
    attentions += node.op->domain == "nacre" && node.op->name == "Attention";
    EXPECT_NE(node.op->name, "Transpose") << describe(node);
    EXPECT_NE(node.op->name, "Softmax") << describe(node);
  }
  EXPECT_EQ(attentions, 1);
}

void expect_formula(const Spelling& spelling, const SessionOptions& options) {
  const auto state = make_session(Spelled(spelling).take(), options);
  ASSERT_TRUE(state) << state.error().what();
  for (auto [batch, seq] : {std::pair<int64_t, int64_t>{1, 1}, {2, 7}, {1, 70}, {3, 5}}) {
    const Inputs inputs = inputs_for(spelling, batch, seq);
    const auto outputs = run_session(**state, inputs, {});
    ASSERT_TRUE(outputs) << outputs.error().what();
    const std::vector<double> want = expected(spelling, inputs, batch, seq);
    const Tensor& y = (*outputs)[0].tensor();
    ASSERT_EQ(y.size(), int64_t(want.size()));
    for (size_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR(y.data<float>()[i], want[i], 1e-5) << "at " << i << " of batch " << batch << " seq " << seq;
  }
}

TEST_P(AttentionSpelling, NativeSaysWhatTheFormulaSays) { expect_formula(GetParam(), {.backends = {"native"}, .threads = 2}); }
TEST_P(AttentionSpelling, UnfusedSaysTheSame) { expect_formula(GetParam(), {.backends = {"native"}, .threads = 1, .optimise = false}); }

TEST(FuseAttention, AFillThatDoesNotSwallowScoresIsLeftAlone) {
  Spelling spelling{.name = "Mild", .keep = 1, .fill = -100};
  Graph graph = Spelled(spelling).take();
  ASSERT_TRUE(optimise(graph, PassLevel::fusion));
  for (const Node& node : graph.nodes) EXPECT_NE(node.op->name, "Attention");
}

TEST(FuseAttention, TheFusedNodesOwnEvaluationSaysTheSame) {
  for (const Spelling& spelling : kSpellings) {
    Graph graph = Spelled(spelling).take();
    ASSERT_TRUE(optimise(graph, PassLevel::fusion));
    const auto state = make_session(std::move(graph), {.backends = {"reference"}, .optimise = false});
    ASSERT_TRUE(state) << state.error().what();
    const Inputs inputs = inputs_for(spelling, 2, 7);
    const auto outputs = run_session(**state, inputs, {});
    ASSERT_TRUE(outputs) << outputs.error().what();
    const std::vector<double> want = expected(spelling, inputs, 2, 7);
    for (size_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR((*outputs)[0].tensor().data<float>()[i], want[i], 1e-5) << spelling.name << " at " << i;
  }
}

}  // namespace
}  // namespace nacre

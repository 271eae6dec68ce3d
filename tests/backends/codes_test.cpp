// Operators on 8-bit codes against the oracle, bit for bit: every signedness, zero points at the ends of their range, one scale or
// one a channel, tails of channels, padding, strides, dilations and groups, at any number of threads.
#include <gtest/gtest.h>

#include <cmath>

#include "core/convert.h"
#include "core/text.h"
#include "graph/builder.h"
#include "tests/support/random_network.h"

namespace nacre {
namespace {

class Random : public Dice {
 public:
  using Dice::Dice;
  DType codes() { return below(2) ? DType::int8 : DType::uint8; }
  Tensor integers(DType dtype, Shape shape, int64_t least, int64_t most) {
    Tensor out(dtype, std::move(shape));
    std::vector<int64_t> values(size_t(out.size()));
    for (int64_t& value : values) value = least + below(most - least + 1);
    store_from<int64_t>(dtype, out.mutable_raw(), 0, out.size(), values.data());
    return out;
  }
  Tensor bytes(DType dtype, Shape shape) {
    return integers(dtype, std::move(shape), dtype == DType::int8 ? -128 : 0, dtype == DType::int8 ? 127 : 255);
  }
  /// Anywhere, at either end, or in the middle.
  Tensor zero(DType dtype, Shape shape = {}) {
    const int64_t least = dtype == DType::int8 ? -128 : 0;
    switch (below(4)) {
      case 0: return integers(dtype, std::move(shape), least, least);
      case 1: return integers(dtype, std::move(shape), least + 255, least + 255);
      case 2: return integers(dtype, std::move(shape), least + 128, least + 128);
      default: return integers(dtype, std::move(shape), least, least + 255);
    }
  }
  Tensor scales(Shape shape, float around) {
    Tensor out(DType::float32, std::move(shape));
    for (float& x : out.mutable_data<float>()) x = around * float(500 + below(1000)) / 1000;
    return out;
  }
  /// A power of two: sums of two such products are exact.
  Tensor power() {
    Tensor out(DType::float32, Shape{});
    out.mutable_data<float>()[0] = std::ldexp(1.0f, -int(below(4)));
    return out;
  }
};

/// A network of operators on codes, images [n, c, h, w] or [n, c, w].
class Network {
 public:
  explicit Network(uint64_t seed) : random_(seed), b_(graph_), spatial_(1 + size_t(random_.below(2))) {
    Shape shape{random_.pick({1, 2, 3}), random_.pick({1, 3, 16, 20, 70})};
    for (size_t d = 0; d < spatial_; ++d) shape.push_back(random_.pick({1, 5, 9, 16, 31}));
    input_ = random_.bytes(random_.codes(), shape);
    values_.push_back(graph_.add_input("x", Fact::tensor(input_.dtype(), SymShape(shape.begin(), shape.end()))));
    for (int64_t step = 0, steps = 2 + random_.below(6); step < steps; ++step) add();
    if (values_.size() == 1) table(values_[0]);
    graph_.add_output(values_.back(), "last");
    graph_.add_output(values_[size_t(random_.below(int64_t(values_.size() - 1))) + 1], "some");
  }
  const Graph& graph() {
    EXPECT_TRUE(b_.status()) << b_.status().error().what();
    return graph_;
  }
  Inputs inputs() const {
    Inputs out;
    out.emplace_back("x", Value(input_));
    return out;
  }

 private:
  Shape shape(Edge edge) const { return *constant_shape(*graph_.fact(edge).shape); }
  DType dtype(Edge edge) const { return graph_.fact(edge).dtype; }

  void add() {
    const Edge x = random_.below(3) ? values_.back() : values_[size_t(random_.below(int64_t(values_.size())))];
    switch (random_.below(9)) {
      case 0: return table(x);
      case 1: return combine(x);
      case 2: return pool(x);
      case 3: return global(x);
      case 4: return keep(b_.add("Concat", {x, x}, {{"axis", random_.below(int64_t(2 + spatial_))}}));
      default: return conv(x);
    }
  }
  void keep(Edge edge) {
    int64_t n = 1;
    for (int64_t dim : edge == kAbsent ? Shape{} : shape(edge)) n *= dim;
    if (edge != kAbsent && n < 60000) values_.push_back(edge);
  }
  Edge power() { return b_.constant(random_.power()); }
  Edge zero(DType dtype) { return b_.constant(random_.zero(dtype)); }

  void table(Edge x) { keep(b_.add("Lookup", {x, b_.constant(random_.bytes(random_.codes(), {256}))}, {}, "nacre")); }

  void combine(Edge x) {
    Edge other = x;
    for (Edge candidate : values_)
      if (candidate != x && shape(candidate) == shape(x)) other = candidate;
    if (random_.below(3) == 0) {
      Shape per_channel(spatial_ + 2, 1);
      per_channel[1] = shape(x)[1];
      other = b_.constant(random_.bytes(random_.codes(), per_channel));
    }
    if (random_.below(2)) {  // each product of a sum rounds by itself
      const auto scale = [&] { return b_.constant(random_.scales({}, 0.5f)); };
      return keep(b_.add("QLinearAdd", {x, scale(), zero(dtype(x)), other, scale(), zero(dtype(other)), scale(), zero(random_.codes())}, {},
                         "nacre"));
    }
    keep(b_.add("QLinearMul", {x, power(), zero(dtype(x)), other, power(), zero(dtype(other)), power(), zero(random_.codes())}, {},
                "nacre"));
  }

  void pool(Edge x) {
    for (size_t d = 0; d < spatial_; ++d)
      if (shape(x)[2 + d] < 3) return;
    const Attributes attributes{{"kernel_shape", std::vector<int64_t>(spatial_, 3)},
                                {"pads", std::vector<int64_t>(2 * spatial_, 1)},
                                {"strides", std::vector<int64_t>(spatial_, random_.pick({1, 2}))},
                                {"count_include_pad", random_.below(2)}};
    if (random_.below(2) == 0) {
      Attributes own = attributes;
      own.erase("count_include_pad");
      return keep(b_.add("MaxPool", {x}, own));
    }
    keep(b_.add("QLinearAveragePool",
                {x, b_.constant(random_.scales({}, 1)), zero(dtype(x)), b_.constant(random_.scales({}, 1)), zero(dtype(x))}, attributes,
                "nacre"));
  }

  void global(Edge x) {
    keep(b_.add("QLinearGlobalAveragePool",
                {x, b_.constant(random_.scales({}, 1)), zero(dtype(x)), b_.constant(random_.scales({}, 1)), zero(dtype(x))}, {}, "nacre"));
  }

  void conv(Edge x) {
    const int64_t in = shape(x)[1], kind = random_.below(4);
    const int64_t groups = kind == 0                  ? in
                           : kind == 1 && in % 2 == 0 ? 2
                                                      : 1,
                  out = kind == 0 ? in : groups * random_.pick({1, 3, 8, 20, 37});
    Shape w{out, in / groups};
    std::vector<int64_t> pads, strides, dilations;
    for (size_t d = 0; d < spatial_; ++d) {
      w.push_back(random_.pick({1, 3, 3, 5}));
      strides.push_back(random_.pick({1, 1, 2})), dilations.push_back(random_.pick({1, 1, 2}));
    }
    for (int side = 0; side < 2; ++side)
      for (size_t d = 0; d < spatial_; ++d) pads.push_back((w[2 + d] - 1) * dilations[d] / 2 + random_.below(2) * side);
    for (size_t d = 0; d < spatial_; ++d)
      if (shape(x)[2 + d] + pads[d] + pads[spatial_ + d] < (w[2 + d] - 1) * dilations[d] + 1) return;
    const DType weights = random_.codes();
    const Shape scales = random_.below(2) ? Shape{out} : Shape{};
    std::vector<Edge> inputs{x, b_.constant(random_.scales({}, 0.05f)), zero(dtype(x)), b_.constant(random_.bytes(weights, w))};
    // Quantizers give most weights a zero point in the middle.
    const int64_t middle = weights == DType::int8 ? 0 : 128;
    inputs.push_back(b_.constant(random_.scales(scales, 0.02f)));
    inputs.push_back(b_.constant(random_.below(3) ? random_.integers(weights, scales, middle, middle) : random_.zero(weights, scales)));
    inputs.push_back(b_.constant(random_.scales({}, 0.5f))), inputs.push_back(zero(random_.codes()));
    if (random_.below(2)) inputs.push_back(b_.constant(random_.integers(DType::int32, {out}, -10000, 10000)));
    const Attributes attributes{{"group", groups}, {"pads", pads}, {"strides", strides}, {"dilations", dilations}};
    const Edge y = b_.add("QLinearConv", inputs, attributes);
    if (y == kAbsent || random_.below(3)) return keep(y);
    inputs.resize(9, kAbsent);
    const Edge other = b_.constant(random_.bytes(random_.codes(), shape(y)));
    inputs.insert(inputs.end(), {other, b_.constant(random_.scales({}, 0.3f)), zero(dtype(other)), b_.constant(random_.scales({}, 0.6f)),
                                 zero(dtype(y))});
    keep(b_.add("QLinearConvAdd", inputs, attributes, "nacre"));
  }

  Random random_;
  Graph graph_;
  Builder b_;
  size_t spatial_;
  Tensor input_;
  std::vector<Edge> values_;
};

TEST(Codes, NetworksOnCodesAgreeWithTheReferenceBitForBit) {
  for (uint64_t seed = 1; seed <= 400 && !testing::Test::HasFailure(); ++seed) {
    Network network(seed);
    const Graph& graph = network.graph();
    const Inputs inputs = network.inputs();
    const auto expected = run_graph(graph, "reference", false, inputs, 1);
    for (int threads : {1, 2}) {
      const auto got = run_graph(graph, "native", true, inputs, threads);
      ASSERT_EQ(got.size(), expected.size());
      for (size_t i = 0; i < got.size(); ++i) {
        const Tensor &a = got[i].tensor(), &b = expected[i].tensor();
        ASSERT_EQ(describe(a), describe(b));
        const uint8_t *x = static_cast<const uint8_t*>(a.raw()), *y = static_cast<const uint8_t*>(b.raw());
        for (int64_t k = 0; k < a.size(); ++k)
          ASSERT_EQ(int(x[k]), int(y[k])) << "seed " << seed << ", output " << i << " at " << k << ", threads " << threads << "\n"
                                          << print(graph);
      }
    }
  }
}

}  // namespace
}  // namespace nacre

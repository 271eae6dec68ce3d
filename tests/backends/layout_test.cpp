// Regions of channels-last images against the oracle: whatever stands next to a convolution, at any number of threads.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/text.h"
#include "graph/builder.h"
#include "tests/support/random_network.h"

namespace nacre {
namespace {

class Random : public Dice {
 public:
  using Dice::Dice;
  Tensor tensor(Shape shape) {
    Tensor out(DType::float32, shape);
    for (float& x : out.mutable_data<float>()) x = float(below(2001) - 1000) / 1000;
    return out;
  }
};

/// A network of convolutions and what stands around them, on images [2, c, h, w] or [2, c, w].
class Network {
 public:
  Network(uint64_t seed) : random_(seed), b_(graph_), spatial_(1 + size_t(random_.below(2))) {
    Shape shape{2, random_.pick({1, 3, 16, 20})};
    for (size_t d = 0; d < spatial_; ++d) shape.push_back(random_.pick({1, 5, 9, 16, 31}));
    input_shape_ = shape;
    SymShape dims(shape.begin(), shape.end());
    values_.push_back(graph_.add_input("x", Fact::tensor(DType::float32, dims)));
    for (int64_t step = 0, steps = 3 + random_.below(9); step < steps; ++step) add();
    if (values_.size() == 1) keep(b_.add("Relu", {values_[0]}));
    graph_.add_output(values_.back(), "last");
    graph_.add_output(values_[size_t(random_.below(int64_t(values_.size() - 1))) + 1], "some");
  }
  const Graph& graph() {
    EXPECT_TRUE(b_.status()) << b_.status().error().what();
    return graph_;
  }
  Inputs inputs() {
    Inputs out;
    out.emplace_back("x", Value(random_.tensor(input_shape_)));
    return out;
  }

 private:
  Shape shape(Edge edge) const { return *constant_shape(*graph_.fact(edge).shape); }
  Edge any() { return values_[size_t(random_.below(int64_t(values_.size())))]; }

  void add() {
    const Edge x = random_.below(3) ? values_.back() : any();
    switch (random_.below(16)) {
      case 0: return keep(b_.add("Relu", {x}));
      case 1: return keep(b_.mul(x, b_.sigmoid(x)));
      case 2: return keep(b_.add(x, b_.constant(random_.tensor(per_channel(x)))));
      case 3: return keep(b_.mul(x, b_.add("GlobalAveragePool", {x})));
      case 4: return pool(x);
      case 5: return join(x);
      case 6: return keep(b_.add("Concat", {x, b_.neg(x)}, {{"axis", random_.below(int64_t(2 + spatial_))}}));
      case 7: return turn(x);
      case 8: return normalise(x);
      case 9: return resize(x);
      case 10: return spread(x);
      case 11: return hard_swish(x);
      default: return conv(x);
    }
  }

  void keep(Edge edge) {
    if (edge != kAbsent && *count(edge) < 50000) values_.push_back(edge);
  }
  std::optional<int64_t> count(Edge edge) const {
    int64_t n = 1;
    for (int64_t dim : shape(edge)) n *= dim;
    return n;
  }
  Shape per_channel(Edge x) const {
    Shape out(spatial_ + 1, 1);
    out[0] = shape(x)[1];
    return out;
  }

  void conv(Edge x) {
    const int64_t in = shape(x)[1], kind = random_.below(4);
    const int64_t groups = kind == 0 ? in : kind == 1 && in % 2 == 0 ? 2 : 1, out = kind == 0 ? in : groups * random_.pick({1, 3, 8, 20});
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
    std::vector<Edge> inputs{x, b_.constant(random_.tensor(w))};
    if (random_.below(2)) inputs.push_back(b_.constant(random_.tensor({out})));
    keep(b_.add("Conv", inputs, {{"group", groups}, {"pads", pads}, {"strides", strides}, {"dilations", dilations}}));
  }

  void pool(Edge x) {
    for (size_t d = 0; d < spatial_; ++d)
      if (shape(x)[2 + d] < 3) return;
    keep(b_.add(random_.below(2) ? "MaxPool" : "AveragePool", {x},
                {{"kernel_shape", std::vector<int64_t>(spatial_, 3)},
                 {"pads", std::vector<int64_t>(2 * spatial_, 1)},
                 {"strides", std::vector<int64_t>(spatial_, random_.pick({1, 2}))}}));
  }

  void normalise(Edge x) {
    const int64_t channels = shape(x)[1];
    const Edge scale = b_.constant(random_.tensor({channels})), bias = b_.constant(random_.tensor({channels}));
    const Edge mean = b_.constant(random_.tensor({channels})), variance = b_.constant(Tensor(DType::float32, {channels}));
    keep(b_.add("BatchNormalization", {x, scale, bias, mean, variance}, {{"epsilon", 0.5f}}));
  }

  void resize(Edge x) {
    Tensor scales(DType::float32, {int64_t(spatial_) + 2});
    for (size_t d = 0; d < spatial_ + 2; ++d) scales.mutable_data<float>()[d] = d < 2 ? 1 : float(random_.pick({1, 2, 3, 5})) / 2;
    const char* modes[] = {"nearest", "linear", "cubic"};
    const char* coordinates[] = {"half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"};
    keep(b_.add("Resize", {x, kAbsent, b_.constant(std::move(scales))},
                {{"mode", std::string(modes[random_.below(3)])},
                 {"coordinate_transformation_mode", std::string(coordinates[random_.below(4)])},
                 {"nearest_mode", std::string(random_.below(2) ? "floor" : "round_prefer_ceil")}}));
  }

  void spread(Edge x) {
    const int64_t in = shape(x)[1], out = random_.pick({1, 5, 20});
    Shape w{in, out};
    std::vector<int64_t> pads, strides;
    for (size_t d = 0; d < spatial_; ++d) w.push_back(random_.pick({1, 2, 3, 4})), strides.push_back(random_.pick({1, 2, 3}));
    for (size_t d = 0; d < 2 * spatial_; ++d) pads.push_back(w[2 + d % spatial_] > 2 ? random_.below(2) : 0);
    for (size_t d = 0; d < spatial_; ++d)
      if ((shape(x)[2 + d] - 1) * strides[d] + w[2 + d] <= pads[d] + pads[spatial_ + d]) return;
    std::vector<Edge> inputs{x, b_.constant(random_.tensor(w))};
    if (random_.below(2)) inputs.push_back(b_.constant(random_.tensor({out})));
    keep(b_.add("ConvTranspose", inputs, {{"pads", pads}, {"strides", strides}}));
  }

  /// As exporters spell it, then a scalar's product and sum.
  void hard_swish(Edge x) {
    const auto number = [&](float value) {
      Tensor out(DType::float32, Shape{});
      out.mutable_data<float>()[0] = value;
      return b_.constant(std::move(out));
    };
    const Edge gate = b_.add("Clip", {b_.add(x, number(3)), number(0), number(6)});
    keep(b_.add(b_.mul(b_.div(b_.mul(x, gate), number(6)), number(1.5f)), number(-0.25f)));
  }

  void join(Edge x) {
    for (Edge other : values_)
      if (other != x && shape(other) == shape(x)) return keep(b_.add(x, other));
  }

  /// A pair of transposes with something between them, or a view of all positions in a row.
  void turn(Edge x) {
    std::vector<int64_t> there{0}, back{0, int64_t(spatial_) + 1};
    for (size_t d = 0; d < spatial_; ++d) there.push_back(int64_t(d) + 2), back.push_back(int64_t(d) + 1);
    there.push_back(1);
    keep(b_.transpose(b_.add("Tanh", {b_.transpose(x, there)}), back));
  }

  Random random_;
  Graph graph_;
  Builder b_;
  size_t spatial_;
  Shape input_shape_;
  std::vector<Edge> values_;
};

double distance(const Tensor& a, const Tensor& b) {
  double worst = 0, largest = 1;
  for (int64_t i = 0; i < a.size(); ++i) {
    const double x = a.data<float>()[size_t(i)], y = b.data<float>()[size_t(i)];
    worst = std::max(worst, std::abs(x - y)), largest = std::max(largest, std::abs(y));
  }
  return worst / largest;
}

TEST(Layout, NetworksOfConvolutionsAgreeWithTheReference) {
  for (uint64_t seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
    Network network(seed);
    const Graph& graph = network.graph();
    const Inputs inputs = network.inputs();
    const auto expected = run_graph(graph, "reference", false, inputs, 1);
    for (auto [optimised, threads] : {std::pair(false, 1), {true, 1}, {true, 2}}) {
      const auto got = run_graph(graph, "native", optimised, inputs, threads);
      ASSERT_EQ(got.size(), expected.size());
      for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_EQ(got[i].tensor().shape(), expected[i].tensor().shape());
        ASSERT_LT(distance(got[i].tensor(), expected[i].tensor()), 2e-5)
            << "seed " << seed << ", output " << i << ", optimised " << optimised << ", threads " << threads << "\n"
            << print(graph);
      }
    }
  }
}

/// How rows are dealt to threads decides no sum.
TEST(Layout, NetworksGiveTheSameBitsWithAnyNumberOfThreads) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Network network(seed);
    const Graph& graph = network.graph();
    const Inputs inputs = network.inputs();
    const auto alone = run_graph(graph, "native", true, inputs, 1);
    for (int threads : {2, 3, 5}) {
      const auto together = run_graph(graph, "native", true, inputs, threads);
      ASSERT_EQ(together.size(), alone.size());
      for (size_t i = 0; i < alone.size(); ++i)
        ASSERT_EQ(std::memcmp(together[i].tensor().raw(), alone[i].tensor().raw(), size_t(alone[i].tensor().size()) * 4), 0)
            << "seed " << seed << ", output " << i << ", " << threads << " threads, apart by "
            << distance(together[i].tensor(), alone[i].tensor());
    }
  }
}

}  // namespace
}  // namespace nacre

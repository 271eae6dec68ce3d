// Errors of float32 operators against a float64 evaluation of the same operator, on every backend of our own.
//
//   accuracy_suite            one line an operator and backend: NAME BACKEND KIND ERROR WHERE, in ulp (elementwise) or relative
//
// Elementwise operators see every exponent and sign, denormals too, and a dense range around 0; an infinite or NaN result must be the
// same. Runs flush denormals: an operand below 2^-126 may count as 0, and so may a result. Reductions and contractions are measured
// against the sum of the magnitudes of what they add. NACRE_ISA chooses the kernels; tools/accuracy_page.py makes docs/accuracy.md.
#include <bit>
#include <cmath>
#include <cstdio>

#include "core/convert.h"
#include "graph/builder.h"
#include "runtime/session_state.h"

namespace nacre {
namespace {

constexpr int64_t kCount = 1 << 18;
constexpr double kLeast = 0x1p-126;

uint32_t hash(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb352d;
  x = (x ^ (x >> 15)) * 0x846ca68b;
  return x ^ (x >> 16);
}
float uniform(uint32_t i) { return float(hash(i) >> 8) * 0x1p-24f; }

/// Half of all bit patterns, evenly; half of them between -12 and 12.
Tensor everything(uint32_t seed) {
  Tensor out(DType::float32, {kCount});
  std::span<float> x = out.mutable_data<float>();
  for (int64_t i = 0; i < kCount; ++i) {
    const uint32_t bits = hash(uint32_t(i) + seed);
    x[size_t(i)] = i % 2 ? uniform(bits) * 24 - 12 : std::bit_cast<float>(bits);
    if (std::isnan(x[size_t(i)])) x[size_t(i)] = 1;
  }
  return out;
}

Tensor between(Shape shape, float low, float high, uint32_t seed) {
  Tensor out(DType::float32, std::move(shape));
  std::span<float> x = out.mutable_data<float>();
  for (size_t i = 0; i < x.size(); ++i) x[i] = low + (high - low) * uniform(uint32_t(i) * 7 + seed);
  return out;
}

Tensor widened(const Tensor& x, bool flush) {
  Tensor out(DType::float64, x.shape());
  for (int64_t i = 0; i < x.size(); ++i) {
    const double value = x.data<float>()[size_t(i)];
    out.mutable_data<double>()[size_t(i)] = flush && std::abs(value) < kLeast ? std::copysign(0, value) : value;
  }
  return out;
}

struct Measured {
  const char* op;
  std::vector<Tensor> inputs;
  Attributes attributes = {};
};

Result<Tensor> evaluated(const Measured& m, const std::vector<Tensor>& inputs, const char* backend) {
  Graph graph;
  Builder b(graph);
  std::vector<Edge> edges;
  Inputs given;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Fact fact = Fact::of(inputs[i]);
    fact.values = nullptr;
    given.emplace_back(cat("x", i), inputs[i]);
    edges.push_back(graph.add_input(given.back().first, fact));
  }
  graph.add_output(b.add(m.op, edges, m.attributes), "y");
  NACRE_TRY(b.status());
  const auto state = NACRE_TRY(make_session(graph, {.backends = {backend}, .strict = true, .threads = 1}));
  return NACRE_TRY(run_session(*state, given, {}))[0].tensor();
}

Result<Tensor> exactly(const Measured& m, bool flush) {
  std::vector<Tensor> wide;
  for (const Tensor& x : m.inputs) wide.push_back(x.dtype() == DType::float32 ? widened(x, flush) : x);
  return evaluated(m, wide, "reference");
}

double ulps(float got, double want) {
  const float nearest = float(want);
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) == std::isnan(got) ? 0 : INFINITY;
  if (std::isinf(nearest)) return got == nearest || std::abs(got) >= 0x1.fffff8p127f ? 0 : INFINITY;
  if (std::abs(want) < kLeast && std::abs(got) <= kLeast) return 0;
  if (std::isinf(got)) return std::abs(want) >= 0x1.fffff8p127 ? 0 : INFINITY;
  int exponent;
  std::frexp(std::max(std::abs(want), kLeast), &exponent);
  return std::abs(double(got) - want) / std::ldexp(1, exponent - 24);
}

void say(const char* op, const char* backend, const char* kind, double error, double where) {
  std::printf("%s %s %s %.3g %.9g\n", op, backend, kind, error, where);
  std::fflush(stdout);
}

void elementwise(const Measured& m) {
  const auto want = exactly(m, false), flushed = exactly(m, true);
  if (!want || !flushed) return;
  for (const char* backend : {"reference", "native"}) {
    const auto got = evaluated(m, m.inputs, backend);
    if (!got) return say(m.op, backend, "failed", INFINITY, 0);
    double worst = 0;
    size_t where = 0;
    for (size_t i = 0; i < size_t(got->size()); ++i) {
      const float y = got->data<float>()[i];
      const double error = std::min(ulps(y, want->data<double>()[i]), ulps(y, flushed->data<double>()[i]));
      if (!(error <= worst)) worst = error, where = i;
    }
    say(m.op, backend, "ulp", worst, double(m.inputs[0].data<float>()[where]));
  }
}

/// Against the same operator over magnitudes: what it adds up.
void contraction(const Measured& m) {
  Measured magnitudes = m;
  for (Tensor& x : magnitudes.inputs)
    if (x.dtype() == DType::float32)
      for (float& value : x.mutable_data<float>()) value = std::abs(value);
  const auto want = exactly(m, false), scale = exactly(magnitudes, false);
  if (!want || !scale) return say(m.op, "reference", "failed", INFINITY, 0);
  for (const char* backend : {"reference", "native"}) {
    const auto got = evaluated(m, m.inputs, backend);
    if (!got) return say(m.op, backend, "failed", INFINITY, 0);
    double worst = 0;
    for (size_t i = 0; i < size_t(got->size()); ++i) {
      const double y = want->data<double>()[i], size = std::max(std::abs(scale->data<double>()[i]), std::abs(y));
      if (size > 0) worst = std::max(worst, std::abs(double(got->data<float>()[i]) - y) / size);
    }
    say(m.op, backend, "relative", worst, 0);
  }
}

int run() {
  for (const char* op : {"Abs",       "Neg",     "Ceil",  "Floor",       "Round",      "Sign",    "Acos",     "Acosh",    "Asin",
                         "Asinh",     "Atan",    "Atanh", "Cos",         "Cosh",       "Sin",     "Sinh",     "Tan",      "Tanh",
                         "Erf",       "Exp",     "Log",   "Sqrt",        "Reciprocal", "Sigmoid", "Softplus", "Softsign", "Relu",
                         "LeakyRelu", "Elu",     "Selu",  "HardSigmoid", "HardSwish",  "Mish",    "Gelu",     "Swish",    "ThresholdedRelu",
                         "Shrink",    "Identity"})
    elementwise({op, {everything(1)}});
  elementwise({"Gelu", {everything(1)}, {{"approximate", std::string("tanh")}}});
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "PRelu"})
    elementwise({op, {everything(1), everything(99)}});
  elementwise({"Pow", {between({kCount}, 0, 40, 3), between({kCount}, -20, 20, 4)}});
  elementwise({"Mod", {between({kCount}, -100, 100, 3), between({kCount}, 0.1f, 9, 4)}, {{"fmod", int64_t{1}}}});
  const Tensor rows = between({8, 20000}, -3, 3, 5), axes = Tensor::of<int64_t>({1}, {1}), few = between({64, 50}, 0.5f, 1.5f, 6);
  for (const char* op : {"ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp", "ReduceMax", "ReduceMin"})
    contraction({op, {rows, axes}});
  for (const char* op : {"ReduceProd", "ReduceLogSum"}) contraction({op, {few, axes}});
  contraction({"CumSum", {rows, Tensor::scalar<int64_t>(1)}});
  for (const char* op : {"GlobalAveragePool", "GlobalLpPool"}) contraction({op, {between({2, 3, 100, 100}, -3, 3, 7)}});
  contraction({"AveragePool", {between({2, 3, 32, 32}, -3, 3, 7)}, {{"kernel_shape", std::vector<int64_t>{5, 5}}}});
  contraction({"MatMul", {between({33, 1000}, -3, 3, 8), between({1000, 65}, -3, 3, 9)}});
  contraction({"MatMul", {between({1, 4000}, -3, 3, 8), between({4000, 65}, -3, 3, 9)}});
  contraction({"Gemm", {between({33, 700}, -3, 3, 8), between({700, 65}, -3, 3, 9), between({65}, -3, 3, 10)}});
  contraction({"Conv", {between({1, 64, 17, 17}, -3, 3, 8), between({33, 64, 3, 3}, -3, 3, 9), between({33}, -3, 3, 10)}});
  contraction({"ConvTranspose", {between({1, 24, 7, 7}, -3, 3, 8), between({24, 8, 3, 3}, -3, 3, 9)}});
  contraction({"Einsum", {between({9, 300}, -3, 3, 8), between({300, 7}, -3, 3, 9)}, {{"equation", std::string("ij,jk->ik")}}});
  return 0;
}

}  // namespace
}  // namespace nacre

int main() { return nacre::run(); }

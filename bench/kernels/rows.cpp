// Elementwise and row kernels on data in the first-level cache: nanoseconds per element is what the last column says per 1000.
//
//     nacre_bench_rows [isa]
#include <cstring>
#include <vector>

#include "bench/kernels/timing.h"

using namespace nacre::bench;
using nacre::native::Kernels;
using nacre::native::NormArgs;
using nacre::native::Unary;

constexpr int64_t kCount = 3072;

static void run_unary(const Kernels& k, const char* name, Unary function) {
  std::vector<float> x(kCount), y(kCount);
  for (int64_t i = 0; i < kCount; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i % 17) * 0.3f - 2;
  auto kernel = k.unary[static_cast<int>(function)];
  Measured measured = measure(k, [&] { kernel(x.data(), y.data(), kCount); }, 0.05);
  std::printf("%-9s %-24s %7.3f ns/element\n", k.isa, name, measured.seconds * 1e9 / kCount);
}

static void run_rows(const Kernels& k) {
  std::vector<float> x(kCount, 0.5f), y(kCount), gamma(kCount, 1.0f);
  double softmax = measure(k, [&] { k.softmax({x.data(), y.data(), kCount / 128, 128, 1, nullptr, 0}); }, 0.05).seconds;
  NormArgs norm;
  norm.x = x.data(), norm.residual = gamma.data(), norm.gamma = gamma.data(), norm.beta = gamma.data(), norm.y = y.data();
  norm.rows = kCount / 384, norm.n = 384;
  double layer = measure(k, [&] { k.layer_norm(norm); }, 0.05).seconds;
  std::printf("%-9s %-24s %7.3f ns/element\n", k.isa, "softmax rows of 128", softmax * 1e9 / kCount);
  std::printf("%-9s %-24s %7.3f ns/element\n", k.isa, "layer norm rows of 384", layer * 1e9 / kCount);
}

int main(int count, char** arguments) {
  for (const Kernels* k : nacre::native::available_kernels()) {
    if (count > 1 && std::strcmp(arguments[1], k->isa) != 0) continue;
    const std::pair<const char*, Unary> functions[] = {
        {"relu", Unary::relu},           {"exp", Unary::exp},           {"log", Unary::log},   {"erf", Unary::erf},
        {"tanh", Unary::tanh},           {"sigmoid", Unary::sigmoid},   {"silu", Unary::silu}, {"gelu_erf", Unary::gelu_erf},
        {"gelu_tanh", Unary::gelu_tanh}, {"softplus", Unary::softplus}, {"sin", Unary::sin}};
    for (auto [name, function] : functions) run_unary(*k, name, function);
    run_rows(*k);
  }
}

// Matrix products of the shapes models have, on one thread: GFLOP/s and the share of the measured multiply-add ceiling.
//
//     nacre_bench_gemm [isa]
#include <cstring>
#include <string>
#include <vector>

#include "bench/kernels/timing.h"

using namespace nacre::bench;
using nacre::native::GemmArgs;
using nacre::native::Kernels;
using nacre::native::MatrixLayout;

static float* aligned(std::vector<float>& storage, size_t count) {
  storage.assign(count + 16, 0.5f);
  size_t address = reinterpret_cast<size_t>(storage.data());
  return storage.data() + (64 - address % 64) % 64 / 4;
}

static void run(const Kernels& k, int64_t m, int64_t depth, int64_t n, MatrixLayout layout, nacre::native::Activation activation,
                const char* note) {
  std::vector<float> a, b, packed, c, scratch;
  GemmArgs args{.m = m, .n = n, .k = depth};
  args.a = aligned(a, static_cast<size_t>(m * depth)), args.lda = depth;
  args.b = aligned(b, static_cast<size_t>(depth * n));
  args.ldb = layout == MatrixLayout::transposed ? depth : n;
  args.b_layout = layout;
  args.c = aligned(c, static_cast<size_t>(m * n)), args.ldc = n;
  args.epilogue.activation = activation;
  args.scratch = aligned(scratch, static_cast<size_t>(k.gemm_scratch(depth, n)));
  if (layout == MatrixLayout::packed) {
    float* panels = aligned(packed, static_cast<size_t>(k.gemm_packed_size(depth, n)));
    k.gemm_pack(args.b, n, false, depth, n, panels, 0, n);
    args.b = panels;
  }
  Measured measured = measure(k, [&] { k.gemm(args); });
  std::string name = std::to_string(m) + "x" + std::to_string(depth) + "x" + std::to_string(n) + note;
  report(k.isa, name.c_str(), 2.0 * static_cast<double>(m * depth * n), measured);
}

int main(int count, char** arguments) {
  using nacre::native::Activation;
  const int64_t shapes[][3] = {{128, 384, 384}, {128, 384, 1536}, {128, 1536, 384}, {128, 768, 3072}, {196, 1024, 256}, {3136, 64, 64},
                               {784, 512, 128}, {49, 2048, 512},  {512, 512, 512},  {16, 384, 1536},  {4, 384, 1536},   {2, 384, 1536},
                               {1, 384, 1536},  {1, 384, 384},    {1, 768, 50257},  {64, 576, 3136},  {512, 4608, 49}};
  for (const Kernels* k : nacre::native::available_kernels()) {
    if (count > 1 && std::strcmp(arguments[1], k->isa) != 0) continue;
    for (auto [m, depth, n] : shapes) run(*k, m, depth, n, MatrixLayout::packed, Activation::none, "");
    run(*k, 128, 384, 1536, MatrixLayout::packed, Activation::gelu_erf, " gelu_erf");
    run(*k, 128, 384, 1536, MatrixLayout::packed, Activation::relu, " relu");
    run(*k, 128, 64, 128, MatrixLayout::transposed, Activation::none, " b transposed");
    run(*k, 128, 128, 64, MatrixLayout::row_major, Activation::none, " b row major");
    run(*k, 12, 128, 64, MatrixLayout::row_major, Activation::none, " b row major");
  }
}

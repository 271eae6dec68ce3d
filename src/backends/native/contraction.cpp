// fp32 matrix products: fixed second operands are packed once, others are read where they lie.
#include "backends/native/contraction.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "backends/native/activation.h"
#include "backends/native/kernel.h"
#include "backends/native/parallel.h"
#include "core/allocate.h"
#include "core/convert.h"
#include "graph/op.h"

namespace nacre::native {

namespace {

constexpr int64_t kPackedAtOnce = 4;  // panels

struct Source {
  DType dtype;
  const char* data;
  bool transposed;
  int64_t k, n;
};

// Where elements may not be read in place: columns [begin, begin + count), a multiple of panels but for the last ones.
Result<void> pack_copied(const Source& b, int64_t begin, int64_t count, float* panels) {
  const bool is_half = b.dtype != DType::float32;
  Tensor space = NACRE_TRY(allocate(DType::float32, {b.k * count}));
  Tensor aligned = NACRE_TRY(allocate(b.dtype, {is_half ? b.k * count : 0}));
  float* columns = space.mutable_data<float>().data();
  const auto read = [&](int64_t first, int64_t size, float* out) {
    if (!is_half) return void(std::memcpy(out, b.data + first * 4, size_t(size) * 4));
    std::memcpy(aligned.mutable_raw(), b.data + first * 2, size_t(size) * 2);
    load_as<float>(b.dtype, aligned.raw(), 0, size, out);
  };
  if (b.transposed) {
    read(begin * b.k, count * b.k, columns);
  } else {
    for (int64_t row = 0; row < b.k; ++row) read(row * b.n + begin, count, columns + row * count);
  }
  kernels().gemm_pack(columns, b.transposed ? b.k : count, b.transposed, b.k, count, panels + kernels().gemm_packed_size(b.k, begin), 0,
                      count);
  return {};
}

}  // namespace

int64_t operand_matrix(int64_t batch, const Shape& out, const Shape& operand) {
  int64_t index = 0, stride = 1;
  for (size_t d = 3; d <= out.size(); ++d) {
    const int64_t dim = out[out.size() - d], position = batch % dim;
    batch /= dim;
    if (d > operand.size()) continue;
    const int64_t own = operand[operand.size() - d];
    if (own != 1) index += position * stride;
    stride *= own;
  }
  return index;
}

Result<void> pack_panels(DType dtype, const void* source, bool transposed, int64_t k, int64_t n, float* panels) {
  const Source b{dtype, static_cast<const char*>(source), transposed, k, n};
  const bool in_place = dtype == DType::float32 && reinterpret_cast<uintptr_t>(source) % alignof(float) == 0;
  const int64_t block = kPackedAtOnce * kernels().gemm_panel;
  std::mutex mutex;
  Result<void> done;
  parallel_for((n + block - 1) / block, 1, [&](int64_t first, int64_t last, int) {
    for (int64_t begin = first * block, end = std::min(n, last * block); begin < end; begin += block) {
      const int64_t count = std::min(block, n - begin);
      if (in_place) {
        kernels().gemm_pack(static_cast<const float*>(source), transposed ? k : n, transposed, k, n, panels, begin, begin + count);
      } else if (auto packed = pack_copied(b, begin, count, panels); !packed) {
        const std::lock_guard lock(mutex);
        done = std::move(packed);
      }
    }
  });
  return done;
}

Result<Tensor> packed_panels(const PackCache& cache, DType dtype, const void* source, bool transposed, int64_t k, int64_t n) {
  const std::span bytes(static_cast<const std::byte*>(source), size_t(k * n) * (dtype == DType::float32 ? 4 : 2));
  const std::string layout = cat(transposed ? "panels of a transpose " : "panels ", dtype, " ", k, " ", n);
  return cache.floats(bytes, layout, kernels().gemm_packed_size(k, n),
                      [&](float* panels) { return pack_panels(dtype, source, transposed, k, n, panels); });
}

/// Splits one product among threads: by columns when there are panels enough, so that every thread reads its own part of
/// B, else by rows.
void multiply(const GemmArgs& args, RunContext& context) {
  const Kernels& k = kernels();
  const int64_t panels = (args.n + k.gemm_panel - 1) / k.gemm_panel, threads = context.threads;
  constexpr int64_t kWorthSplitting = 1 << 16;  // multiply-adds
  if (threads <= 1 || args.m * args.n * args.k < kWorthSplitting) return k.gemm(args);
  if (panels >= 2 * threads || args.m < 4 * k.gemm_tile_rows) {
    const int64_t grain = std::max<int64_t>(1, panels / (4 * threads));
    parallel(context, panels, grain,
             [&](int64_t begin, int64_t end) { k.gemm(args.part_of_columns(begin * k.gemm_panel, std::min(args.n, end * k.gemm_panel))); });
  } else {
    const int64_t tiles = (args.m + k.gemm_tile_rows - 1) / k.gemm_tile_rows, grain = std::max<int64_t>(1, tiles / (4 * threads));
    parallel(context, tiles, grain, [&](int64_t begin, int64_t end) {
      k.gemm(args.part_of_rows(begin * k.gemm_tile_rows, std::min(args.m, end * k.gemm_tile_rows)));
    });
  }
}

namespace {

bool is_float(const NodeView& n, size_t i) { return n.has(i) && n.fact(i).dtype == DType::float32; }

/// B in panels, however the file stores it.
struct Packed {
  Tensor panels;
};

Result<std::shared_ptr<const void>> pack(const Tensor& b, bool transposed, PackCache& cache) {
  return cache.get(b, transposed ? "panels of a transpose" : "panels", [&](int64_t& bytes) -> Result<std::shared_ptr<const void>> {
    auto packed = std::make_shared<Packed>();
    packed->panels = NACRE_TRY(packed_panels(cache, b.dtype(), b.stored(), transposed, b.shape()[transposed], b.shape()[!transposed]));
    bytes = int64_t(packed->panels.byte_size());
    return packed;
  });
}

// --- x w with a fixed w: nacre.Linear, MatMul, Gemm ---

struct PreparedLinear {
  std::shared_ptr<const void> weights;
  ActivationSpec activation;
  bool after = false;
};

bool matches_linear(const NodeView& n) {
  return n.node.op->domain == "nacre" && n.node.op->name == "Linear" && is_float(n, 0) && n.constant(1) && (!n.has(3) || is_float(n, 3));
}

Result<std::shared_ptr<const void>> prepare_linear(const NodeView& n, PackCache& cache) {
  auto out = std::make_shared<PreparedLinear>();
  out->weights = NACRE_TRY(pack(*n.constant(1), n.attributes().integer("transposed", 0), cache));
  out->activation = fused_activation_of(n);
  out->after = n.attributes().integer("residual_after", 0);
  return out;
}

Result<void> run_linear(const Call& call) {
  const auto& prepared = *static_cast<const PreparedLinear*>(call.prepared);
  const int64_t k = call.input(0).shape().back(), n = call.output().shape().back(), m = n ? call.output().size() / n : 0;
  GemmArgs args{.m = m,
                .n = n,
                .k = k,
                .a = call.in(0),
                .lda = k,
                .b = static_cast<const Packed*>(prepared.weights.get())->panels.data<float>().data(),
                .c = call.out(),
                .ldc = n};
  args.epilogue = prepared.activation.in(
      {.bias_columns = call.in(2), .residual = call.in(3), .residual_stride = n, .residual_after_activation = prepared.after});
  multiply(args, call.context);
  return {};
}

bool matches_matmul_fixed(const NodeView& n) {
  return n.node.op->domain.empty() && n.node.op->name == "MatMul" && is_float(n, 0) && n.constant(1) && n.constant(1)->rank() == 2 &&
         !n.fact(0).shape->empty() && n.fact(0).shape->size() >= 2;
}

Result<std::shared_ptr<const void>> prepare_matmul_fixed(const NodeView& n, PackCache& cache) {
  auto out = std::make_shared<PreparedLinear>();
  out->weights = NACRE_TRY(pack(*n.constant(1), false, cache));
  return out;
}

// --- products of two values: MatMul over batches ---

bool matches_matmul(const NodeView& n) {
  return n.node.op->domain.empty() && n.node.op->name == "MatMul" && is_float(n, 0) && is_float(n, 1) && n.fact(0).shape->size() >= 2 &&
         n.fact(1).shape->size() >= 2;
}

Result<void> run_matmul(const Call& call) {
  const Shape &a = call.input(0).shape(), &b = call.input(1).shape(), &out = call.output().shape();
  const int64_t m = a[a.size() - 2], k = a.back(), n = b.back(), batches = m * n ? call.output().size() / (m * n) : 0;
  if (batches == 0) return {};
  const int64_t scratch_floats = kernels().gemm_scratch(k, n);
  // One matrix shared by all rows is one product.
  const bool one = b.size() == 2 || batches == 1;
  const int64_t rows = one ? m * batches : m, pieces = one ? 1 : batches;
  const int64_t row_blocks = std::max<int64_t>(1, std::min<int64_t>((rows + 63) / 64, pieces == 1 ? 4 * call.context.threads : 1));
  Tensor scratch = NACRE_TRY(call.scratch(workers(call.context) * scratch_floats * 4));
  float* space = reinterpret_cast<float*>(scratch.mutable_data<uint8_t>().data());
  const float *x = call.in(0), *y = call.in(1);
  float* z = call.out();
  const int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, rows / row_blocks * n * k));
  parallel_with_thread(call.context, pieces * row_blocks, grain, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t batch = piece / row_blocks, block = piece % row_blocks;
      GemmArgs args{.m = rows,
                    .n = n,
                    .k = k,
                    .a = x + (one ? 0 : operand_matrix(batch, out, a) * m * k),
                    .lda = k,
                    .b = y + (one ? 0 : operand_matrix(batch, out, b) * k * n),
                    .ldb = n,
                    .b_layout = MatrixLayout::row_major,
                    .c = z + batch * rows * n,
                    .ldc = n};
      args.scratch = space + thread * scratch_floats;
      kernels().gemm(args.part_of_rows(rows * block / row_blocks, rows * (block + 1) / row_blocks));
    }
  });
  return {};
}

}  // namespace

extern const Kernel kernel_linear, kernel_matmul_fixed, kernel_matmul;
const Kernel kernel_linear{"gemm_packed", matches_linear, run_linear, prepare_linear};
const Kernel kernel_matmul_fixed{"gemm_packed", matches_matmul_fixed, run_linear, prepare_matmul_fixed};
const Kernel kernel_matmul{"gemm_batched", matches_matmul, run_matmul};

}  // namespace nacre::native

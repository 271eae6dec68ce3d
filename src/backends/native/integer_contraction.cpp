// Products of 8-bit integers: MatMulInteger, QLinearMatMul, and nacre.IntegerLinear with its epilogue. Fixed second operands are
// packed once, others in each run. DynamicQuantizeLinear, which gives the first operand.
#include "backends/native/integer_contraction.h"

#include <algorithm>
#include <cmath>

#include "backends/native/activation.h"
#include "backends/native/contraction.h"
#include "backends/native/kernel.h"
#include "backends/native/parallel.h"
#include "core/convert.h"
#include "core/lasting.h"

namespace nacre::native {

Result<std::shared_ptr<const void>> pack_integers(const Tensor& b, bool transposed, bool a_signed, PackCache& cache) {
  const std::string layout = cat("integer panels", transposed ? " of a transpose" : "", a_signed ? " for int8" : " for uint8");
  return cache.get(b, layout, [&](int64_t& bytes) -> Result<std::shared_ptr<const void>> {
    const int64_t k = b.shape()[transposed], n = b.shape()[!transposed];
    auto packed = std::make_shared<PackedIntegers>();
    packed->panels = NACRE_TRY(allocate_lasting(DType::uint8, {kernels().integer_packed_size(k, n, 1)}));
    IntegerPackArgs args{.b = b.stored(),
                         .ldb = transposed ? k : n,
                         .transposed = transposed,
                         .a_signed = a_signed,
                         .b_signed = b.dtype() == DType::int8,
                         .k = k,
                         .n = n,
                         .packed = packed->panels.mutable_raw()};
    const int64_t panel = kernels().gemm_panel;
    parallel_for((n + panel - 1) / panel, 4, [&](int64_t begin, int64_t end, int) {
      IntegerPackArgs part = args;
      part.column_begin = begin * panel, part.column_end = std::min(n, end * panel);
      kernels().integer_pack(part);
    });
    bytes = int64_t(packed->panels.byte_size());
    return packed;
  });
}

// By columns when there are panels enough, so that every thread reads its own part of b, else by rows.
void multiply_integers(const IntegerGemmArgs& args, RunContext& context) {
  const Kernels& k = kernels();
  const int64_t panels = (args.n + k.gemm_panel - 1) / k.gemm_panel, threads = context.threads;
  constexpr int64_t kWorthSplitting = 1 << 18;  // multiply-adds
  if (threads <= 1 || args.m * args.n * args.k < kWorthSplitting) return k.integer_gemm(args);
  if (panels >= 2 * threads || args.m < 4 * k.gemm_tile_rows) {
    parallel(context, panels, std::max<int64_t>(1, panels / (4 * threads)), [&](int64_t begin, int64_t end) {
      k.integer_gemm(args.part_of_columns(begin * k.gemm_panel, std::min(args.n, end * k.gemm_panel)));
    });
  } else {
    const int64_t tiles = (args.m + k.gemm_tile_rows - 1) / k.gemm_tile_rows;
    parallel(context, tiles, std::max<int64_t>(1, tiles / (4 * threads)), [&](int64_t begin, int64_t end) {
      k.integer_gemm(args.part_of_rows(begin * k.gemm_tile_rows, std::min(args.m, end * k.gemm_tile_rows)));
    });
  }
}

namespace {

bool is_byte(DType dtype) { return dtype == DType::int8 || dtype == DType::uint8; }
bool is_bytes(const NodeView& n, size_t i) { return n.has(i) && is_byte(n.fact(i).dtype); }

/// One number, or a row of `count` (-1: no row is allowed).
bool is_parameter(const NodeView& n, size_t i, int64_t count) {
  if (!n.has(i)) return true;
  const Shape shape = *constant_shape(*n.fact(i).shape);
  return element_count(shape) == 1 || (count >= 0 && shape == Shape{count});
}

bool is_zero_point(const NodeView& n, size_t i, int64_t count) {
  return is_parameter(n, i, count) && (!n.has(i) || is_byte(n.fact(i).dtype));
}
bool is_scale(const NodeView& n, size_t i, int64_t count) {
  return is_parameter(n, i, count) && (!n.has(i) || n.fact(i).dtype == DType::float32);
}

void load_numbers(const Tensor& tensor, float* out) { load_as<float>(tensor.dtype(), tensor.raw(), 0, tensor.size(), out); }
void load_numbers(const Tensor& tensor, int32_t* out) {
  const auto* bytes = static_cast<const uint8_t*>(tensor.raw());
  for (int64_t i = 0; i < tensor.size(); ++i) out[i] = tensor.dtype() == DType::int8 ? int8_t(bytes[i]) : bytes[i];
}

/// Scales, or zero points of 8 bits, as T: where one stands for all, `one` has it and `row` is null.
template <class T>
struct Numbers {
  T one{};
  const T* row = nullptr;
  Tensor storage;
};
template <class T>
Result<Numbers<T>> numbers(const Call& call, size_t i, T otherwise) {
  Numbers<T> out{otherwise, nullptr, {}};
  if (!call.has(i)) return out;
  const Tensor& tensor = call.input(i);
  if (tensor.size() == 1) {
    load_numbers(tensor, &out.one);
    return out;
  }
  out.storage = NACRE_TRY(call.scratch(tensor.size() * int64_t(sizeof(T))));
  T* values = reinterpret_cast<T*>(out.storage.mutable_raw());
  load_numbers(tensor, values);
  out.row = values;
  return out;
}

/// a and b where they lie in a node's inputs; with a fixed b: its panels.
struct Operands {
  size_t a = 0, b = 1;
  const PackedIntegers* packed = nullptr;
};

IntegerGemmArgs arguments(const Call& call, const Operands& at, int64_t rows) {
  const Tensor &a = call.input(at.a), &b = call.input(at.b);
  const int64_t k = a.shape().back(), n = b.shape().back();
  IntegerGemmArgs args{.m = rows, .n = n, .k = k, .a = a.raw(), .lda = k, .a_signed = a.dtype() == DType::int8};
  args.b_signed = b.dtype() == DType::int8, args.ldc = n;
  if (at.packed) args.b = at.packed->panels.raw();
  return args;
}

struct Prepared {
  std::shared_ptr<const void> weights;  // null: b is packed in each run
  ActivationSpec activation;
  bool after = false;
  const PackedIntegers* packed() const { return static_cast<const PackedIntegers*>(weights.get()); }
};

Result<std::shared_ptr<const void>> prepare(const NodeView& n, size_t a, size_t b, PackCache& cache) {
  auto out = std::make_shared<Prepared>();
  if (const Tensor* fixed = n.constant(b); fixed && fixed->rank() == 2)
    out->weights = NACRE_TRY(pack_integers(*fixed, false, n.fact(a).dtype == DType::int8, cache));
  out->activation = fused_activation_of(n);
  out->after = n.attributes().integer("residual_after", 0);
  return out;
}

// --- nacre.IntegerLinear ---

bool matches_linear(const NodeView& n) {
  if (n.node.op->domain != "nacre" || n.node.op->name != "IntegerLinear") return false;
  if (!is_bytes(n, 0) || !is_bytes(n, 1) || !n.constant(1) || n.fact(0).shape->empty()) return false;
  const int64_t columns = n.constant(1)->shape()[1];
  return is_scale(n, 2, columns) && is_scale(n, 3, columns) && is_zero_point(n, 4, -1) && is_zero_point(n, 5, columns);
}
Result<std::shared_ptr<const void>> prepare_linear(const NodeView& n, PackCache& cache) { return prepare(n, 0, 1, cache); }

/// Products of two scales, in float as the node that made them did it.
Result<Numbers<float>> product_of_scales(const Call& call, int64_t n) {
  Numbers<float> a = NACRE_TRY(numbers<float>(call, 2, 1)), b = NACRE_TRY(numbers<float>(call, 3, 1));
  if (!a.row && !b.row) return a.one *= b.one, a;
  Numbers<float> out{1, nullptr, NACRE_TRY(call.scratch(n * 4))};
  float* values = reinterpret_cast<float*>(out.storage.mutable_raw());
  for (int64_t i = 0; i < n; ++i) values[i] = (a.row ? a.row[i] : a.one) * (b.row ? b.row[i] : b.one);
  out.row = values;
  return out;
}

Result<void> run_linear(const Call& call) {
  const auto& prepared = *static_cast<const Prepared*>(call.prepared);
  const int64_t n = call.output().shape().back();
  IntegerGemmArgs args = arguments(call, {0, 1, prepared.packed()}, n ? call.output().size() / n : 0);
  const auto a_zero = NACRE_TRY(numbers<int32_t>(call, 4, 0)), b_zero = NACRE_TRY(numbers<int32_t>(call, 5, 0));
  const auto scale = NACRE_TRY(product_of_scales(call, n));
  args.a_zero_point = a_zero.one, args.b_zero_point = b_zero.one, args.b_zero_points = b_zero.row;
  args.c = call.out();
  args.epilogue.output = IntegerOutput::float32;
  args.epilogue.scale = scale.one, args.epilogue.column_scales = scale.row;
  Epilogue floats{.bias_columns = call.in(6), .residual = call.in(7), .residual_stride = n};
  floats.residual_after_activation = prepared.after;
  args.epilogue.floats = prepared.activation.in(floats);
  multiply_integers(args, call.context);
  return {};
}

// --- products over batches: MatMulInteger, QLinearMatMul ---

/// `args` has what all matrices share; c's elements have `c_bytes`.
Result<void> multiply_batches(const Call& call, const Operands& at, IntegerGemmArgs args, int64_t c_bytes) {
  const Tensor &a = call.input(at.a), &b = call.input(at.b);
  const Shape& out = call.output().shape();
  const int64_t m = a.shape()[a.rank() - 2], n = args.n, k = args.k, batches = m * n ? call.output().size() / (m * n) : 0;
  if (batches == 0) return {};
  char* c = static_cast<char*>(call.output().mutable_raw());
  if (at.packed || b.rank() == 2) args.m = m * batches;
  const int64_t products = args.m / m == batches ? 1 : batches, size = kernels().integer_packed_size(k, n, 1);
  Tensor scratch = NACRE_TRY(call.scratch(at.packed ? 0 : size));
  for (int64_t batch = 0; batch < products; ++batch) {
    NACRE_TRY(call.context.checkpoint());
    args.c = c + batch * m * n * c_bytes;
    args.a = static_cast<const char*>(a.raw()) + (products == 1 ? 0 : operand_matrix(batch, out, a.shape()) * m * k);
    if (!at.packed) {
      const void* own = static_cast<const char*>(b.raw()) + (products == 1 ? 0 : operand_matrix(batch, out, b.shape()) * k * n);
      kernels().integer_pack(
          {.b = own, .ldb = n, .a_signed = args.a_signed, .b_signed = args.b_signed, .k = k, .n = n, .packed = scratch.mutable_raw()});
      args.b = scratch.raw();
    }
    multiply_integers(args, call.context);
  }
  return {};
}

bool matches_operands(const NodeView& n, size_t a, size_t b, size_t a_zero, size_t b_zero) {
  if (!is_bytes(n, a) || !is_bytes(n, b) || n.fact(a).shape->size() < 2 || n.fact(b).shape->size() < 2) return false;
  const Shape x = *constant_shape(*n.fact(a).shape), y = *constant_shape(*n.fact(b).shape);
  return is_zero_point(n, a_zero, x.size() == 2 ? x[0] : -1) && is_zero_point(n, b_zero, y.back());
}

bool matches_integer(const NodeView& n) {
  return n.node.op->domain.empty() && n.node.op->name == "MatMulInteger" && matches_operands(n, 0, 1, 2, 3);
}
Result<std::shared_ptr<const void>> prepare_integer(const NodeView& n, PackCache& cache) { return prepare(n, 0, 1, cache); }

Result<void> run_integer(const Call& call) {
  const auto& prepared = *static_cast<const Prepared*>(call.prepared);
  const Operands at{0, 1, prepared.packed()};
  const auto a_zero = NACRE_TRY(numbers<int32_t>(call, 2, 0)), b_zero = NACRE_TRY(numbers<int32_t>(call, 3, 0));
  IntegerGemmArgs args = arguments(call, at, call.input(0).shape()[call.input(0).rank() - 2]);
  args.a_zero_point = a_zero.one, args.a_zero_points = a_zero.row;
  args.b_zero_point = b_zero.one, args.b_zero_points = b_zero.row;
  return multiply_batches(call, at, args, 4);
}

bool matches_q_linear(const NodeView& n) {
  if (!n.node.op->domain.empty() || n.node.op->name != "QLinearMatMul" || !matches_operands(n, 0, 3, 2, 5)) return false;
  const int64_t columns = n.fact(3).shape->back().constant().value_or(-1);
  return is_scale(n, 1, -1) && is_zero_point(n, 2, -1) && is_scale(n, 4, columns) && is_scale(n, 6, -1) && is_zero_point(n, 7, -1) &&
         is_byte(n.graph.fact(n.node.outputs[0]).dtype);
}
Result<std::shared_ptr<const void>> prepare_q_linear(const NodeView& n, PackCache& cache) { return prepare(n, 0, 3, cache); }

Result<void> run_q_linear(const Call& call) {
  const auto& prepared = *static_cast<const Prepared*>(call.prepared);
  const Operands at{0, 3, prepared.packed()};
  const auto a_zero = NACRE_TRY(numbers<int32_t>(call, 2, 0)), b_zero = NACRE_TRY(numbers<int32_t>(call, 5, 0)),
             y_zero = NACRE_TRY(numbers<int32_t>(call, 7, 0));
  const auto a_scale = NACRE_TRY(numbers<float>(call, 1, 1)), y_scale = NACRE_TRY(numbers<float>(call, 6, 1));
  auto scale = NACRE_TRY(numbers<float>(call, 4, 1));
  if (scale.row) {
    float* values = reinterpret_cast<float*>(scale.storage.mutable_raw());
    for (int64_t i = 0; i < call.input(4).size(); ++i) values[i] = a_scale.one * values[i] / y_scale.one;
  }
  IntegerGemmArgs args = arguments(call, at, call.input(0).shape()[call.input(0).rank() - 2]);
  args.a_zero_point = a_zero.one, args.b_zero_point = b_zero.one, args.b_zero_points = b_zero.row;
  args.epilogue.output = call.output().dtype() == DType::int8 ? IntegerOutput::int8 : IntegerOutput::uint8;
  args.epilogue.multiplies_exactly = true;
  args.epilogue.scale = a_scale.one * scale.one / y_scale.one, args.epilogue.column_scales = scale.row;
  args.epilogue.output_zero_point = y_zero.one;
  return multiply_batches(call, at, args, 1);
}

// --- DynamicQuantizeLinear ---

bool matches_dynamic(const NodeView& n) {
  return n.node.op->domain.empty() && n.node.op->name == "DynamicQuantizeLinear" && n.has(0) && n.fact(0).dtype == DType::float32;
}

Result<void> run_dynamic(const Call& call) {
  constexpr int64_t kParts = 64, kLeast = 8192;
  const float* x = call.in(0);
  const int64_t size = call.input(0).size(), parts = std::clamp<int64_t>(size / kLeast, 1, kParts);
  float lows[kParts], highs[kParts];
  parallel(call.context, parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = size * part / parts;
      kernels().range_with_zero(x + first, size * (part + 1) / parts - first, &lows[part], &highs[part]);
    }
  });
  const float low = *std::min_element(lows, lows + parts), high = *std::max_element(highs, highs + parts);
  const float scale = high == low ? 1.0f / 255 : (high - low) / 255;
  const float zero_point = std::nearbyint(std::clamp(-low / scale, 0.0f, 255.0f));
  uint8_t* y = call.out<uint8_t>();
  parallel(call.context, size, kLeast,
           [&](int64_t begin, int64_t end) { kernels().quantize(x + begin, scale, int32_t(zero_point), false, y + begin, end - begin); });
  if (call.node.has_output(1)) *call.out(1) = scale;
  if (call.node.has_output(2)) *call.out<uint8_t>(2) = uint8_t(zero_point);
  return {};
}

}  // namespace

extern const Kernel kernel_integer_linear, kernel_matmul_integer, kernel_q_linear_matmul, kernel_dynamic_quantize,
    kernel_dynamic_quantize_last;
const Kernel kernel_integer_linear{"integer_gemm", matches_linear, run_linear, prepare_linear};
const Kernel kernel_matmul_integer{"integer_gemm", matches_integer, run_integer, prepare_integer};
const Kernel kernel_q_linear_matmul{"integer_gemm", matches_q_linear, run_q_linear, prepare_q_linear};
const Kernel kernel_dynamic_quantize{"dynamic_quantize", matches_dynamic, run_dynamic};
// A range does not depend on where the numbers lie.
const Kernel kernel_dynamic_quantize_last{"dynamic_quantize", matches_dynamic, run_dynamic, nullptr, {.images = 1}};

}  // namespace nacre::native

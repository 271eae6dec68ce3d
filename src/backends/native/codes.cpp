// 8-bit codes element by element: QuantizeLinear and DequantizeLinear with one scale, tables of 256 codes, sums and products.
#include "backends/native/codes.h"

#include <algorithm>

#include "backends/native/layout.h"
#include "backends/native/parallel.h"
#include "ops/elementwise.h"

namespace nacre::native {
namespace {

bool is(const NodeView& n, std::string_view domain, std::string_view name) {
  return n.node.op->domain == domain && n.node.op->name == name;
}

/// Inputs 1 and 2 (absent: 0): a scale of one element, and the zero point of codes.
struct Parameters {
  float scale = 1;
  int32_t zero = 0;
};
Parameters parameters_of(const Call& call) {
  Parameters out;
  load_as<float>(DType::float32, call.input(1).raw(), 0, 1, &out.scale);
  if (call.has(2)) out.zero = int32_t(first_integer(call.input(2)));
  return out;
}

bool has_parameters(const NodeView& n) {
  const auto is_one = [&](size_t i) {
    const Shape shape = *constant_shape(*n.fact(i).shape);
    return std::all_of(shape.begin(), shape.end(), [](int64_t dim) { return dim == 1; });
  };
  return n.fact(1).dtype == DType::float32 && is_one(1) && (!n.has(2) || is_one(2)) && n.attributes().integer("block_size", 0) == 0;
}

bool matches_quantize(const NodeView& n) {
  return is(n, "", "QuantizeLinear") && n.fact(0).dtype == DType::float32 && is_codes(n.graph.fact(n.node.outputs[0])) &&
         has_parameters(n) && n.attributes().integer("precision", 0) == 0;
}

Result<void> run_quantize(const Call& call) {
  const Parameters p = parameters_of(call);
  const bool is_signed = call.output().dtype() == DType::int8;
  const float* x = call.in(0);
  uint8_t* y = call.out<uint8_t>();
  parallel(call.context, call.output().size(), 4096,
           [=](int64_t begin, int64_t end) { kernels().quantize(x + begin, p.scale, p.zero, is_signed, y + begin, end - begin); });
  return {};
}

bool matches_dequantize(const NodeView& n) {
  return is(n, "", "DequantizeLinear") && is_codes(n.fact(0)) && n.graph.fact(n.node.outputs[0]).dtype == DType::float32 &&
         has_parameters(n);
}

Result<void> run_dequantize(const Call& call) {
  const Parameters p = parameters_of(call);
  const CodeScale scale{p.scale, p.zero, call.input(0).dtype() == DType::int8};
  const uint8_t* x = call.in<uint8_t>(0);
  float* y = call.out();
  parallel(call.context, call.output().size(), 4096,
           [=](int64_t begin, int64_t end) { kernels().dequantize(x + begin, scale, y + begin, end - begin); });
  return {};
}

bool matches_lookup(const NodeView& n) {
  return is(n, "nacre", "Lookup") && *constant_shape(*n.fact(1).shape) == Shape{256} && is_codes(n.fact(0)) && is_codes(n.fact(1));
}

Result<void> run_lookup(const Call& call) {
  const uint8_t *x = call.in<uint8_t>(0), *table = call.in<uint8_t>(1);
  uint8_t* y = call.out<uint8_t>();
  parallel(call.context, call.output().size(), 8192, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = table[x[i]];
  });
  return {};
}

// --- sums and products ---

struct PreparedBinary {
  CodeBinaryArgs args;
  BroadcastWalk walk;
};

bool matches_binary(const NodeView& n) {
  return (is(n, "nacre", "QLinearAdd") || is(n, "nacre", "QLinearMul")) && has_code_scale(n, 1) && has_code_scale(n, 4) &&
         has_code_scale(n, 6) && is_codes(n.fact(0)) && is_codes(n.fact(3));
}

Result<std::shared_ptr<const void>> prepare_shapes(const NodeView& n, const Shape& a, const Shape& b) {
  const Shape out = NACRE_TRY(broadcast(a, b));
  const Shape* shapes[] = {&a, &b};
  CodeBinaryArgs args{.kind = n.node.op->name == "QLinearAdd" ? CodeBinary::add : CodeBinary::mul,
                      .a_scale = code_scale(n, 1, n.fact(0).dtype),
                      .b_scale = code_scale(n, 4, n.fact(3).dtype),
                      .y_scale = code_scale(n, 6, n.fact(7).dtype)};
  return std::make_shared<PreparedBinary>(PreparedBinary{args, BroadcastWalk(out, shapes)});
}

Shape shape_of(const NodeView& n, size_t i) { return *constant_shape(*n.fact(i).shape); }

Result<std::shared_ptr<const void>> prepare_binary(const NodeView& n, PackCache&) {
  return prepare_shapes(n, shape_of(n, 0), shape_of(n, 3));
}

/// Each operand is an image like the result, or lies the same in both layouts.
bool matches_binary_last(const NodeView& n) {
  if (!matches_binary(n)) return false;
  const size_t rank = n.graph.fact(n.node.outputs[0]).shape->size();
  for (size_t i : {0, 3}) {
    Shape shape = shape_of(n, i);
    if (shape.size() == rank) continue;
    shape.insert(shape.begin(), rank - shape.size(), 1);
    if (!is_layout_free(shape)) return false;
  }
  return rank >= 3;
}

Result<std::shared_ptr<const void>> prepare_binary_last(const NodeView& n, PackCache&) {
  Shape a = shape_of(n, 0), b = shape_of(n, 3);
  const size_t rank = std::max(a.size(), b.size());
  for (Shape* shape : {&a, &b}) {
    shape->insert(shape->begin(), rank - shape->size(), 1);
    *shape = with_channels_last(*shape);
  }
  return prepare_shapes(n, a, b);
}

Result<void> run_binary(const Call& call) {
  const auto& [prepared, walk] = *static_cast<const PreparedBinary*>(call.prepared);
  CodeBinaryArgs args = prepared;
  args.a = call.in<uint8_t>(0), args.b = call.in<uint8_t>(3), args.y = call.out<uint8_t>();
  args.a_stride = walk.run_strides[0], args.b_stride = walk.run_strides[1];
  const auto run = [&](int64_t which, int64_t begin, int64_t end) {
    int64_t at[2];
    walk.offsets(which, at);
    CodeBinaryArgs part = args;
    part.a += at[0] + begin * args.a_stride, part.b += at[1] + begin * args.b_stride;
    part.y += which * walk.run_length + begin, part.n = end - begin;
    kernels().binary_codes(part);
  };
  if (walk.runs == 1) {
    parallel(call.context, walk.run_length, 8192, [&](int64_t begin, int64_t end) { run(0, begin, end); });
  } else {
    parallel(call.context, walk.runs, grain_for(walk.run_length), [&](int64_t begin, int64_t end) {
      for (int64_t which = begin; which < end; ++which) run(which, 0, walk.run_length);
    });
  }
  return {};
}

}  // namespace

extern const Kernel kernel_quantize, kernel_dequantize, kernel_lookup, kernel_binary_codes, kernel_quantize_last, kernel_dequantize_last,
    kernel_lookup_last, kernel_binary_codes_last;
const Kernel kernel_quantize{"quantize", matches_quantize, run_quantize};
const Kernel kernel_dequantize{"dequantize", matches_dequantize, run_dequantize};
const Kernel kernel_lookup{"lookup", matches_lookup, run_lookup};
const Kernel kernel_binary_codes{"binary_codes", matches_binary, run_binary, prepare_binary};
// Element by element, the layout does not matter as long as it is kept.
const Kernel kernel_quantize_last{"quantize", matches_quantize, run_quantize, nullptr, {.images = 1}};
const Kernel kernel_dequantize_last{"dequantize", matches_dequantize, run_dequantize, nullptr, {.images = 1}};
const Kernel kernel_lookup_last{"lookup", matches_lookup, run_lookup, nullptr, {.images = 1}};
const Kernel kernel_binary_codes_last{"binary_codes_last", matches_binary_last, run_binary, prepare_binary_last, {.images = 0b1001}};

}  // namespace nacre::native

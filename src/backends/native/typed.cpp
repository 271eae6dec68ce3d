// Elementwise operators on every plain dtype: what elementwise.cpp, which knows float32 better, does not take.
#include "backends/native/typed.h"

#include <algorithm>
#include <iterator>

#include "backends/native/kernel.h"
#include "backends/native/kernels/kernels.h"
#include "backends/native/parallel.h"
#include "core/convert.h"
#include "ops/elementwise.h"

namespace nacre::native {

std::optional<Element> element_of(DType dtype) {
  switch (dtype) {
    case DType::float32: return Element::float32;
    case DType::float64: return Element::float64;
    case DType::int8: return Element::int8;
    case DType::int16: return Element::int16;
    case DType::int32: return Element::int32;
    case DType::int64: return Element::int64;
    case DType::uint8: return Element::uint8;
    case DType::uint16: return Element::uint16;
    case DType::uint32: return Element::uint32;
    case DType::uint64: return Element::uint64;
    case DType::boolean: return Element::boolean;
    case DType::float16: return Element::float16;
    default: return std::nullopt;
  }
}

Operand::Operand(const void* first, int64_t stride, int64_t element_bytes, int64_t count)
    : at_(static_cast<const char*>(first)), bytes_(stride ? element_bytes : 0) {
  if (stride != 0 || count <= 0) return;
  const size_t bytes = size_t(std::min<int64_t>(count * element_bytes, kRepeated));
  std::memcpy(same_, first, size_t(element_bytes));
  for (size_t done = size_t(element_bytes); done < bytes; done *= 2) std::memcpy(same_ + done, same_, std::min(done, bytes - done));
}

namespace {

bool is_standard(const NodeView& n) { return n.node.op->domain.empty() && n.has(0); }

// --- one input ---

struct UnaryName {
  std::string_view op;
  TypedUnary kernel;
};
constexpr UnaryName kUnary[] = {{"Neg", TypedUnary::neg},     {"Abs", TypedUnary::abs},   {"Sign", TypedUnary::sign},
                                {"Relu", TypedUnary::relu},   {"Sqrt", TypedUnary::sqrt}, {"Reciprocal", TypedUnary::reciprocal},
                                {"Floor", TypedUnary::floor}, {"Ceil", TypedUnary::ceil}, {"Round", TypedUnary::round},
                                {"Exp", TypedUnary::exp},     {"Tanh", TypedUnary::tanh}};

TypedUnaryKernel find_unary(const NodeView& n) {
  if (!is_standard(n) || n.fact(0).dtype == DType::float32) return nullptr;
  const std::optional<Element> element = element_of(n.fact(0).dtype);
  const auto found = std::find_if(std::begin(kUnary), std::end(kUnary), [&](const UnaryName& row) { return row.op == n.node.op->name; });
  return element && found != std::end(kUnary) ? kernels().typed_unary(found->kernel, *element) : nullptr;
}

TypedUnaryKernel find_cast(const NodeView& n) {
  if (!is_standard(n) || n.node.op->name != "Cast") return nullptr;
  const std::optional<Element> from = element_of(n.fact(0).dtype), to = element_of(n.graph.fact(n.node.outputs[0]).dtype);
  return from && to && *from != *to ? kernels().typed_convert(*from, *to) : nullptr;
}

bool matches_unary(const NodeView& n) { return find_unary(n) != nullptr; }
bool matches_cast(const NodeView& n) { return find_cast(n) != nullptr; }

Result<std::shared_ptr<const void>> prepare_unary(const NodeView& n, PackCache&) {
  return std::make_shared<TypedUnaryKernel>(find_unary(n));
}
Result<std::shared_ptr<const void>> prepare_cast(const NodeView& n, PackCache&) { return std::make_shared<TypedUnaryKernel>(find_cast(n)); }

Result<void> run_unary(const Call& call) {
  const TypedUnaryKernel kernel = *static_cast<const TypedUnaryKernel*>(call.prepared);
  const int64_t in = int64_t(bits_of(call.input(0).dtype()) / 8), out = int64_t(bits_of(call.output().dtype()) / 8);
  const char* x = call.in<char>(0);
  char* y = call.out<char>();
  parallel(call.context, call.output().size(), grain_for(std::max(in, out)),
           [=](int64_t begin, int64_t end) { kernel(x + begin * in, y + begin * out, end - begin); });
  return {};
}

// --- Cast of what has no loop of its own: bfloat16, and halves on CPUs without instructions for them ---

bool is_half(DType dtype) { return dtype == DType::float16 || dtype == DType::bfloat16; }

bool matches_cast_blocks(const NodeView& n) {
  if (!is_standard(n) || n.node.op->name != "Cast") return false;
  const DType from = n.fact(0).dtype, to = n.graph.fact(n.node.outputs[0]).dtype;
  return (from == DType::float32 && is_half(to)) || (to == DType::float32 && is_half(from));
}

Result<void> run_cast_blocks(const Call& call) {
  const Tensor& x = call.input(0);
  Tensor& y = call.output();
  void* target = y.mutable_raw();
  parallel(call.context, y.size(), grain_for(4), [&](int64_t begin, int64_t end) {
    if (y.dtype() == DType::float32)
      load_as<float>(x.dtype(), x.raw(), begin, end - begin, static_cast<float*>(target) + begin);
    else
      store_from<float>(y.dtype(), target, begin, end - begin, static_cast<const float*>(x.raw()) + begin);
  });
  return {};
}

// --- Swish with another alpha than 1, which activations have ---

bool matches_swish(const NodeView& n) { return is_standard(n) && n.node.op->name == "Swish" && n.fact(0).dtype == DType::float32; }

Result<void> run_swish(const Call& call) {
  const float alpha = call.node.attributes.real("alpha", 1.0f);
  const float* x = call.in(0);
  float* y = call.out();
  parallel(call.context, call.output().size(), 2048,
           [=](int64_t begin, int64_t end) { kernels().swish(alpha, x + begin, y + begin, end - begin); });
  return {};
}

// --- two inputs ---

struct BinaryName {
  std::string_view op;
  TypedBinary kernel;
  bool swaps = false;
};
constexpr BinaryName kBinary[] = {{"Add", TypedBinary::add},
                                  {"Sub", TypedBinary::sub},
                                  {"Mul", TypedBinary::mul},
                                  {"Div", TypedBinary::div},
                                  {"Min", TypedBinary::min},
                                  {"Max", TypedBinary::max},
                                  {"Equal", TypedBinary::equal},
                                  {"Less", TypedBinary::less},
                                  {"LessOrEqual", TypedBinary::less_equal},
                                  {"Greater", TypedBinary::less, true},
                                  {"GreaterOrEqual", TypedBinary::less_equal, true},
                                  {"BitwiseAnd", TypedBinary::bit_and},
                                  {"BitwiseOr", TypedBinary::bit_or},
                                  {"BitwiseXor", TypedBinary::bit_xor}};

struct PreparedBinary {
  TypedBinaryKernel kernel;
  BroadcastWalk walk;
  bool swaps, divides;
};

const BinaryName* find_binary(const NodeView& n) {
  if (!is_standard(n) || n.node.formal_inputs() != 2 || !n.has(1) || n.fact(0).dtype != n.fact(1).dtype) return nullptr;
  const std::optional<Element> element = element_of(n.fact(0).dtype);
  const auto found = std::find_if(std::begin(kBinary), std::end(kBinary), [&](const BinaryName& row) { return row.op == n.node.op->name; });
  return element && found != std::end(kBinary) && kernels().typed_binary(found->kernel, *element) ? &*found : nullptr;
}

bool matches_binary(const NodeView& n) { return find_binary(n) != nullptr; }

Result<std::shared_ptr<const void>> prepare_binary(const NodeView& n, PackCache&) {
  const BinaryName& row = *find_binary(n);
  const Shape a = *constant_shape(*n.fact(0).shape), b = *constant_shape(*n.fact(1).shape), out = NACRE_TRY(broadcast(a, b));
  const Shape* shapes[] = {&a, &b};
  return std::make_shared<PreparedBinary>(PreparedBinary{kernels().typed_binary(row.kernel, *element_of(n.fact(0).dtype)),
                                                         BroadcastWalk(out, shapes), row.swaps,
                                                         row.kernel == TypedBinary::div && is_integer(n.fact(0).dtype)});
}

Result<void> refuse_zero(const Call& call, int64_t bytes) {
  const Tensor& divisor = call.input(1);
  const char* all = static_cast<const char*>(divisor.raw());
  if (!kernels().has_zero(bytes, all, divisor.size())) return {};
  int64_t at = 0;
  while (!kernels().has_zero(bytes, all + at * bytes, 1)) ++at;
  return fail(ErrorCode::invalid_argument, "integer division by zero: element ", at, " of the divisor ", describe(divisor));
}

Result<void> run_binary(const Call& call) {
  const PreparedBinary& p = *static_cast<const PreparedBinary*>(call.prepared);
  const int64_t in = int64_t(bits_of(call.input(0).dtype()) / 8), out = int64_t(bits_of(call.output().dtype()) / 8);
  if (p.divides) NACRE_TRY(refuse_zero(call, in));
  const char *x = call.in<char>(0), *z = call.in<char>(1);
  char* y = call.out<char>();
  for_runs(call.context, p.walk, std::max(in, out), [&](std::span<const int64_t> at, int64_t to, int64_t count) {
    const Operand a(x + at[0] * in, p.walk.run_strides[0], in, count), b(z + at[1] * in, p.walk.run_strides[1], in, count);
    const int64_t most = std::min(a.most(count, in), b.most(count, in));
    for (int64_t i = 0; i < count; i += most) {
      const int64_t n = std::min(most, count - i);
      p.kernel(p.swaps ? b.from(i) : a.from(i), p.swaps ? a.from(i) : b.from(i), y + (to + i) * out, n);
    }
  });
  return {};
}

// --- Where ---

bool matches_where(const NodeView& n) {
  if (!is_standard(n) || n.node.op->name != "Where" || n.fact(1).dtype != n.fact(2).dtype || n.fact(1).dtype == DType::string) return false;
  return n.fact(0).dtype == DType::boolean && bits_of(n.fact(1).dtype) % 8 == 0 &&
         kernels().typed_choose(int64_t(bits_of(n.fact(1).dtype) / 8));
}

Result<std::shared_ptr<const void>> prepare_where(const NodeView& n, PackCache&) {
  const Shape condition = *constant_shape(*n.fact(0).shape), x = *constant_shape(*n.fact(1).shape), y = *constant_shape(*n.fact(2).shape);
  const Shape out = NACRE_TRY(broadcast(NACRE_TRY(broadcast(condition, x)), y));
  const Shape* shapes[] = {&condition, &x, &y};
  return std::make_shared<BroadcastWalk>(out, shapes);
}

Result<void> run_where(const Call& call) {
  const auto& walk = *static_cast<const BroadcastWalk*>(call.prepared);
  const int64_t bytes = int64_t(bits_of(call.output().dtype()) / 8);
  const ChooseKernel kernel = kernels().typed_choose(bytes);
  const char *condition = call.in<char>(0), *x = call.in<char>(1), *z = call.in<char>(2);
  char* y = call.out<char>();
  for_runs(call.context, walk, bytes, [&](std::span<const int64_t> at, int64_t to, int64_t count) {
    const Operand c(condition + at[0], walk.run_strides[0], 1, count), a(x + at[1] * bytes, walk.run_strides[1], bytes, count),
        b(z + at[2] * bytes, walk.run_strides[2], bytes, count);
    const int64_t most = std::min({c.most(count, 1), a.most(count, bytes), b.most(count, bytes)});
    for (int64_t i = 0; i < count; i += most)
      kernel(reinterpret_cast<const uint8_t*>(c.from(i)), a.from(i), b.from(i), y + (to + i) * bytes, std::min(most, count - i));
  });
  return {};
}

}  // namespace

extern const Kernel kernel_typed_unary, kernel_typed_binary, kernel_cast, kernel_cast_blocks, kernel_where, kernel_swish;
const Kernel kernel_typed_unary{"typed_unary", matches_unary, run_unary, prepare_unary};
const Kernel kernel_typed_binary{"typed_binary", matches_binary, run_binary, prepare_binary};
const Kernel kernel_cast{"cast", matches_cast, run_unary, prepare_cast};
const Kernel kernel_cast_blocks{"cast_blocks", matches_cast_blocks, run_cast_blocks};
const Kernel kernel_where{"where", matches_where, run_where, prepare_where};
const Kernel kernel_swish{"swish", matches_swish, run_swish};

}  // namespace nacre::native

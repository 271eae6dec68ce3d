// Where on elements of 4 and 8 bytes, and Cast of integers and bool to float32: what masks are made with. Cast between halves
// and float32.
#include <algorithm>

#include "backends/native/kernel.h"
#include "backends/native/parallel.h"
#include "core/convert.h"
#include "ops/elementwise.h"

namespace nacre::native {
namespace {

bool is(const NodeView& n, std::string_view name) { return n.node.op->domain.empty() && n.node.op->name == name && n.has(0); }

bool matches_where(const NodeView& n) {
  if (!is(n, "Where") || n.fact(1).dtype != n.fact(2).dtype || n.fact(1).dtype == DType::string) return false;
  const size_t bits = bits_of(n.fact(1).dtype);
  return bits == 32 || bits == 64;
}

Result<std::shared_ptr<const void>> prepare_where(const NodeView& n, PackCache&) {
  const Shape condition = *constant_shape(*n.fact(0).shape), x = *constant_shape(*n.fact(1).shape), y = *constant_shape(*n.fact(2).shape);
  const Shape out = NACRE_TRY(broadcast(NACRE_TRY(broadcast(condition, x)), y));
  const Shape* shapes[] = {&condition, &x, &y};
  return std::make_shared<BroadcastWalk>(out, shapes);
}

template <class T>
void choose(const Call& call, const BroadcastWalk& walk) {
  const bool* condition = call.in<bool>(0);
  const T *x = call.in<T>(1), *y = call.in<T>(2);
  T* out = call.out<T>();
  const int64_t sc = walk.run_strides[0], sx = walk.run_strides[1], sy = walk.run_strides[2], length = walk.run_length;
  parallel(call.context, walk.runs, grain_for(length * int64_t(sizeof(T))), [&](int64_t begin, int64_t end) {
    for (int64_t which = begin; which < end; ++which) {
      int64_t at[3];
      walk.offsets(which, at);
      const bool* c = condition + at[0];
      const T *a = x + at[1], *b = y + at[2];
      T* to = out + which * length;
      for (int64_t i = 0; i < length; ++i) to[i] = c[i * sc] ? a[i * sx] : b[i * sy];
    }
  });
}

Result<void> run_where(const Call& call) {
  const auto& walk = *static_cast<const BroadcastWalk*>(call.prepared);
  if (bits_of(call.output().dtype()) == 32)
    choose<uint32_t>(call, walk);
  else
    choose<uint64_t>(call, walk);
  return {};
}

bool is_half(DType dtype) { return dtype == DType::float16 || dtype == DType::bfloat16; }

bool matches_cast(const NodeView& n) {
  if (!is(n, "Cast")) return false;
  const DType from = n.fact(0).dtype, to = n.graph.fact(n.node.outputs[0]).dtype;
  if (from == DType::float32) return is_half(to);
  return to == DType::float32 && (from == DType::int64 || from == DType::int32 || from == DType::boolean || is_half(from));
}

template <class T>
void to_float(const Call& call) {
  const T* x = call.in<T>(0);
  float* y = call.out();
  parallel(call.context, call.output().size(), 4096, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = float(x[i]);
  });
}

void halves(const Call& call) {
  const Tensor& x = call.input(0);
  Tensor& y = call.output();
  void* target = y.mutable_raw();
  parallel(call.context, y.size(), 4096, [&](int64_t begin, int64_t end) {
    if (y.dtype() == DType::float32)
      load_as<float>(x.dtype(), x.raw(), begin, end - begin, static_cast<float*>(target) + begin);
    else
      store_from<float>(y.dtype(), target, begin, end - begin, static_cast<const float*>(x.raw()) + begin);
  });
}

Result<void> run_cast(const Call& call) {
  switch (call.input(0).dtype()) {
    case DType::float16:
    case DType::bfloat16:
    case DType::float32: halves(call); break;
    case DType::int64: to_float<int64_t>(call); break;
    case DType::int32: to_float<int32_t>(call); break;
    default: to_float<bool>(call);
  }
  return {};
}

}  // namespace

extern const Kernel kernel_where, kernel_cast;
const Kernel kernel_where{"where", matches_where, run_where, prepare_where};
const Kernel kernel_cast{"cast", matches_cast, run_cast};

}  // namespace nacre::native

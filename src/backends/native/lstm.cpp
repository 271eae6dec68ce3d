// LSTM with fixed weights and the usual activations: what the inputs give is one product for all steps, each step then adds
// what the state gives. Gates lie in the order i, o, f, c.
#include <algorithm>
#include <cstring>

#include "backends/native/contraction.h"
#include "backends/native/kernel.h"
#include "core/thread_team.h"
#include "graph/op.h"

namespace nacre::native {
namespace {

struct Direction {
  Tensor inputs, states, bias;  // panels of W and R transposed; both biases added
};
struct Packed {
  std::vector<Direction> directions;
};
struct Prepared {
  std::shared_ptr<const void> packed;
  int64_t steps, batch, input, hidden, directions;
  bool reverse;
};

bool matches(const NodeView& n) {
  if (!n.node.op->domain.empty() || n.node.op->name != "LSTM" || n.fact(0).dtype != DType::float32) return false;
  const Attributes& a = n.attributes();
  if (a.has("activations") || a.has("clip") || a.integer("input_forget", 0) || a.integer("layout", 0)) return false;
  const Tensor *w = n.constant(1), *r = n.constant(2);
  return w && r && w->dtype() == DType::float32 && w->rank() == 3 && r->rank() == 3 && (!n.has(3) || n.constant(3)) && !n.has(4) &&
         !n.has(7);
}

Result<Direction> pack(const NodeView& n, int64_t which, const PackCache& cache, int64_t& bytes) {
  const Tensor &w = *n.constant(1), &r = *n.constant(2);
  const int64_t rows = w.shape()[1], input = w.shape()[2], hidden = r.shape()[2];
  Direction out;
  for (auto [from, to, depth] : {std::tuple(&w, &out.inputs, input), {&r, &out.states, hidden}}) {
    *to = NACRE_TRY(
        packed_panels(cache, DType::float32, static_cast<const char*>(from->stored()) + which * rows * depth * 4, true, depth, rows));
    bytes += int64_t(to->byte_size());
  }
  out.bias = NACRE_TRY(allocate(DType::float32, {rows}, nullptr, Fill::zero));
  if (!n.has(3)) return out;
  std::span<const float> given = n.constant(3)->data<float>().subspan(size_t(which * rows * 2), size_t(rows * 2));
  for (size_t i = 0; i < size_t(rows); ++i) out.bias.mutable_data<float>()[i] = given[i] + given[i + size_t(rows)];
  return out;
}

Result<std::shared_ptr<const void>> prepare(const NodeView& n, PackCache& cache) {
  const Shape x = *constant_shape(*n.fact(0).shape);
  const Tensor &w = *n.constant(1), &r = *n.constant(2);
  auto out = std::make_shared<Prepared>(
      Prepared{nullptr, x[0], x[1], x[2], r.shape()[2], w.shape()[0], n.attributes().string("direction", "forward") == "reverse"});
  // R and the bias belong to W in every model; should two nodes share W alone, its place in the key tells them apart.
  const std::string layout =
      cat("lstm ", reinterpret_cast<uintptr_t>(r.stored()), " ", n.has(3) ? reinterpret_cast<uintptr_t>(n.constant(3)->stored()) : 0);
  out->packed = NACRE_TRY(cache.get(w, layout, [&](int64_t& bytes) -> Result<std::shared_ptr<const void>> {
    auto packed = std::make_shared<Packed>();
    for (int64_t which = 0; which < w.shape()[0]; ++which) packed->directions.push_back(NACRE_TRY(pack(n, which, cache, bytes)));
    release_mapped(r.stored(), r.byte_size());
    return packed;
  }));
  return out;
}

/// One direction's run: gates of all steps, memory and state of the current one.
struct Lane {
  const Prepared& p;
  const Direction& weights;
  RunContext& context;
  float *gates, *memory, *state, *squashed;
  float* y;  // of step 0, null when nobody wants it
  int64_t y_stride;
  bool backwards;

  void project(const float* x) const {
    const int64_t rows = 4 * p.hidden;
    GemmArgs args{.m = p.steps * p.batch,
                  .n = rows,
                  .k = p.input,
                  .a = x,
                  .lda = p.input,
                  .b = weights.inputs.data<float>().data(),
                  .c = gates,
                  .ldc = rows};
    args.epilogue.bias_columns = weights.bias.data<float>().data();
    multiply(args, context);
  }

  void step(int64_t t) const {
    const int64_t n = p.hidden, rows = 4 * n;
    float* now = gates + t * p.batch * rows;
    GemmArgs args{.m = p.batch,
                  .n = rows,
                  .k = n,
                  .a = state,
                  .lda = n,
                  .b = weights.states.data<float>().data(),
                  .c = now,
                  .ldc = rows,
                  .accumulate = true};
    multiply(args, context);
    for (int64_t b = 0; b < p.batch; ++b) {
      float *gate = now + b * rows, *c = memory + b * n, *h = state + b * n;
      kernels().activate(Activation::sigmoid, 0, 0, gate, gate, 3 * n);
      kernels().activate(Activation::tanh, 0, 0, gate + 3 * n, gate + 3 * n, n);
      for (int64_t k = 0; k < n; ++k) c[k] = gate[2 * n + k] * c[k] + gate[k] * gate[3 * n + k];
      kernels().activate(Activation::tanh, 0, 0, c, squashed, n);
      for (int64_t k = 0; k < n; ++k) h[k] = gate[n + k] * squashed[k];
    }
    if (y) std::memcpy(y + t * y_stride, state, size_t(p.batch * n) * 4);
  }

  void walk() const {
    for (int64_t i = 0; i < p.steps; ++i) step(backwards ? p.steps - 1 - i : i);
  }
};

void begin_with(const Call& call, size_t i, int64_t at, float* to, int64_t count) {
  if (call.has(i))
    std::memcpy(to, call.in(i) + at, size_t(count) * 4);
  else
    std::fill_n(to, count, 0.0f);
}

Result<void> run(const Call& call) {
  const Prepared& p = *static_cast<const Prepared*>(call.prepared);
  const int64_t states = p.batch * p.hidden, gates = p.steps * states * 4, each = gates + 2 * states + p.hidden;
  Tensor space = NACRE_TRY(call.scratch(each * p.directions * 4));
  float* memory = reinterpret_cast<float*>(space.mutable_data<uint8_t>().data());
  const auto& directions = static_cast<const Packed*>(p.packed.get())->directions;
  const bool apart = p.directions > 1 && call.context.threads > 1;  // each on a thread of its own
  RunContext alone{.threads = 1};
  std::vector<Lane> lanes;
  for (int64_t d = 0; d < p.directions; ++d) {
    float* own = memory + d * each;
    float* y = call.node.has_output(0) ? call.out(0) + d * states : nullptr;
    lanes.push_back({p, directions[size_t(d)], apart ? alone : call.context, own, own + gates, own + gates + states,
                     own + gates + 2 * states, y, p.directions * states, p.reverse || d == 1});
    begin_with(call, 5, d * states, lanes.back().state, states);
    begin_with(call, 6, d * states, lanes.back().memory, states);
  }
  auto work = [&](int64_t begin, int64_t end, int) {
    for (int64_t d = begin; d < end; ++d) lanes[size_t(d)].project(call.in(0)), lanes[size_t(d)].walk();
  };
  if (apart)
    parallel_for(p.directions, 1, work, call.context.threads);
  else
    work(0, p.directions, 0);
  for (int64_t d = 0; d < p.directions; ++d) {
    if (call.node.has_output(1)) std::memcpy(call.out(1) + d * states, lanes[size_t(d)].state, size_t(states) * 4);
    if (call.node.has_output(2)) std::memcpy(call.out(2) + d * states, lanes[size_t(d)].memory, size_t(states) * 4);
  }
  return {};
}

}  // namespace

extern const Kernel kernel_lstm;
const Kernel kernel_lstm{"lstm", matches, run, prepare};

}  // namespace nacre::native

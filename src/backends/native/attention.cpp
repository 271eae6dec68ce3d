// nacre.Attention: heads and blocks of queries over the threads; q, k and v are read where they lie.
#include <algorithm>
#include <cmath>

#include "backends/native/kernel.h"
#include "backends/native/kernels/kernels.h"
#include "core/thread_team.h"
#include "graph/op.h"

namespace nacre::native {
namespace {

/// Sizes and strides of [batch, head, row, column]; the stride of a repeated axis is 0.
struct Layout {
  int64_t size[4] = {1, 1, 1, 1}, stride[4] = {0, 0, 0, 0};

  Layout() = default;
  Layout(const Shape& shape, bool tokens_first) {
    int64_t step = 1;
    for (size_t back = 0; back < shape.size(); ++back) {
      const size_t from = shape.size() - 1 - back, to = 3 - back;
      size[to] = shape[from], stride[to] = shape[from] == 1 ? 0 : step;
      step *= shape[from];
    }
    if (tokens_first) std::swap(size[1], size[2]), std::swap(stride[1], stride[2]);
  }
  int64_t at(int64_t batch, int64_t head) const { return batch * stride[0] + head * stride[1]; }
  bool fits(const Layout& whole, int64_t columns) const {
    for (int d = 0; d < 3; ++d)
      if (size[d] != 1 && size[d] != whole.size[d]) return false;
    return size[3] == 1 || size[3] == columns;
  }
};

struct Prepared {
  Layout q, k, v, y, mask, keep, combined;
  bool combines = false;  // the mask and the condition become one mask first
  int64_t group = 1;
  float scale = 1, fill = 0;
  bool drop = false, zero_nan = false;
};

bool fits_all(const Prepared& p) {
  for (const Layout* operand : {&p.q, &p.k, &p.v})
    if (operand->size[0] != 1 && operand->size[0] != p.y.size[0]) return false;
  return p.k.size[1] > 0 && p.k.size[2] > 0 && p.y.size[1] == p.q.size[1] && p.q.size[1] % p.k.size[1] == 0 && p.v.size[1] == p.k.size[1] &&
         p.v.size[2] == p.k.size[2] && p.q.size[3] == p.k.size[3] && p.mask.fits(p.y, p.k.size[2]) && p.keep.fits(p.y, p.k.size[2]);
}

Layout layout(const NodeView& n, size_t i, std::string_view flag) {
  return n.has(i) ? Layout(*constant_shape(*n.fact(i).shape), !flag.empty() && n.attributes().integer(flag, 0)) : Layout();
}

Prepared read(const NodeView& n) {
  Prepared p{.q = layout(n, 0, "q_tokens_first"), .k = layout(n, 1, "k_tokens_first"), .v = layout(n, 2, "v_tokens_first")};
  p.y = Layout(*constant_shape(*n.graph.fact(n.node.outputs[0]).shape), n.attributes().integer("y_tokens_first", 0));
  p.mask = layout(n, 3, ""), p.keep = layout(n, 4, "");
  p.scale = n.attributes().real("scale", 1), p.fill = n.attributes().real("fill", 0);
  p.drop = n.attributes().integer("drop", 0), p.zero_nan = n.attributes().integer("zero_nan", 0);
  return p;
}

bool matches(const NodeView& n) {
  if (n.node.op->domain != "nacre" || n.node.op->name != "Attention") return false;
  for (size_t i = 0; i < 3; ++i)
    if (n.fact(i).dtype != DType::float32 || n.fact(i).shape->size() != 4) return false;
  if (n.has(3) && (n.fact(3).dtype != DType::float32 || n.fact(3).shape->size() > 4)) return false;
  if (n.has(4) && (n.fact(4).dtype != DType::boolean || n.fact(4).shape->size() > 4)) return false;
  return fits_all(read(n));
}

Result<std::shared_ptr<const void>> prepare(const NodeView& n, PackCache&) {
  auto p = std::make_shared<Prepared>(read(n));
  p->group = p->q.size[1] / p->k.size[1];
  p->combines = n.has(4) || (n.has(3) && p->mask.size[3] != p->k.size[2]);
  Shape both{1, 1, 1, p->k.size[2]};
  for (size_t d = 0; d < 3; ++d) both[d] = std::max(p->mask.size[d], p->keep.size[d]);
  p->combined = p->combines ? Layout(both, false) : p->mask;
  return p;
}

/// mask + (hidden ? fill : 0), as large as the two of them need.
void combine(const Prepared& p, const float* mask, const bool* keep, float* out) {
  const Layout& all = p.combined;
  for (int64_t row = 0; row < all.size[0] * all.size[1] * all.size[2]; ++row) {
    const int64_t query = row % all.size[2], head = row / all.size[2] % all.size[1], batch = row / all.size[2] / all.size[1];
    const float* adds = mask ? mask + p.mask.at(batch, head) + query * p.mask.stride[2] : nullptr;
    const bool* shown = keep ? keep + p.keep.at(batch, head) + query * p.keep.stride[2] : nullptr;
    float* to = out + row * all.size[3];
    for (int64_t key = 0; key < all.size[3]; ++key) {
      const bool hidden = shown && shown[key * p.keep.stride[3]] == p.drop;
      to[key] = (adds ? adds[key * p.mask.stride[3]] : 0) + (hidden ? p.fill : 0);
    }
  }
}

/// A query that sees nothing has NaN everywhere.
void zero_unseen(const AttentionArgs& args) {
  for (int64_t query = args.query_begin; query < args.query_end; ++query) {
    float* y = args.y + query * args.y_stride;
    if (args.value_size > 0 && std::isnan(y[0])) std::fill_n(y, args.value_size, 0.0f);
  }
}

Result<void> run(const Call& call) {
  const Prepared& p = *static_cast<const Prepared*>(call.prepared);
  const int64_t heads = p.y.size[1], pairs = p.y.size[0] * heads, queries = p.y.size[2], keys = p.k.size[2], size = p.q.size[3],
                values = p.v.size[3];
  if (call.output().size() == 0) return {};
  AttentionArgs all{.q_stride = p.q.stride[2],
                    .k_stride = p.k.stride[2],
                    .v_stride = p.v.stride[2],
                    .y_stride = p.y.stride[2],
                    .queries = queries,
                    .keys = keys,
                    .head_size = size,
                    .value_size = values,
                    .scale = p.scale,
                    .mask_stride = p.combined.stride[2]};
  const int threads = std::max(1, call.context.threads);
  const bool small = pairs * queries * keys * (size + values) < (1 << 16);
  const int64_t blocks = small || pairs >= 4 * threads ? 1 : std::min<int64_t>((queries + 31) / 32, 4 * threads),
                scratch = kernels().attention_scratch(all);
  Tensor space = NACRE_TRY(
      call.scratch((scratch * threads + (p.combines ? p.combined.size[0] * p.combined.size[1] * p.combined.size[2] * keys : 0)) * 4));
  float* memory = reinterpret_cast<float*>(space.mutable_data<uint8_t>().data());
  const float* mask = call.in(3);
  if (p.combines) {
    combine(p, mask, call.in<bool>(4), memory + scratch * threads);
    mask = memory + scratch * threads;
  }
  auto piece = [&](int64_t begin, int64_t end, int thread) {
    AttentionArgs args = all;
    args.scratch = memory + scratch * thread;
    for (int64_t item = begin; item < end; ++item) {
      const int64_t pair = item / blocks, block = item % blocks, batch = pair / heads, head = pair % heads;
      args.q = call.in(0) + p.q.at(batch, head), args.k = call.in(1) + p.k.at(batch, head / p.group),
      args.v = call.in(2) + p.v.at(batch, head / p.group);
      args.y = call.out() + p.y.at(batch, head), args.mask = mask ? mask + p.combined.at(batch, head) : nullptr;
      args.query_begin = queries * block / blocks, args.query_end = queries * (block + 1) / blocks;
      kernels().attention(args);
      if (p.zero_nan) zero_unseen(args);
    }
  };
  if (threads == 1 || small)
    piece(0, pairs * blocks, 0);
  else
    parallel_for(pairs * blocks, 1, piece, threads);
  return {};
}

}  // namespace

extern const Kernel kernel_attention;
const Kernel kernel_attention{"attention", matches, run, prepare};

}  // namespace nacre::native

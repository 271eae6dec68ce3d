// nacre.Attention: y = softmax(scale q k^T, then `fill` where `keep` is false, plus mask) v, over the last axes.
// q is [B,H,S,D], k [B,G,T,D], v [B,G,T,E] with H a multiple of G: query head h reads head h * G / H. `q_tokens_first`
// and so on (1): the middle axes are exchanged, [B,S,H,D]; the same for y. keep (bool; true where `drop` is 1 hides) and
// mask broadcast to [B,H,S,T]. `zero_nan`: probabilities that are NaN count as 0. What exporters spell out in ten nodes.
#include <algorithm>
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

template <class List>
void exchange(List& list, const Attributes& attributes, std::string_view flag) {
  if (attributes.integer(flag, 0)) std::swap(list[1], list[2]);
}

Result<void> infer(Inference& inference) {
  const Attributes& attributes = inference.attributes();
  const SymShape *given_q = inference.shape(0), *given_k = inference.shape(1), *given_v = inference.shape(2);
  if (!given_q || !given_k || !given_v) return inference.set(0, inference.dtype(0)), Result<void>();
  if (given_q->size() != 4 || given_k->size() != 4 || given_v->size() != 4)
    return fail(ErrorCode::invalid_argument, "attention takes four axes, given ", *given_q, ", ", *given_k, " and ", *given_v);
  SymShape q = *given_q, k = *given_k, v = *given_v;
  exchange(q, attributes, "q_tokens_first");
  exchange(k, attributes, "k_tokens_first");
  exchange(v, attributes, "v_tokens_first");
  if (q[3].differs(k[3]) || k[2].differs(v[2]) || k[1].differs(v[1]))
    return fail(ErrorCode::invalid_argument, "attention cannot combine ", q, ", ", k, " and ", v);
  SymShape y{q[0], q[1], q[2], v[3]};
  for (const SymDim& batch : {k[0], v[0]}) y[0] = NACRE_TRY(broadcast(SymShape{y[0]}, SymShape{batch}))[0];
  for (size_t i : {3, 4})
    if (const SymShape* mask = inference.has(i) ? inference.shape(i) : nullptr; mask && mask->size() == 4)
      y[0] = NACRE_TRY(broadcast(SymShape{y[0]}, SymShape{(*mask)[0]}))[0];
  exchange(y, attributes, "y_tokens_first");
  inference.set(0, inference.dtype(0), std::move(y));
  return {};
}

/// An operand read by position; an axis of 1 repeats.
struct Operand {
  const Tensor* tensor = nullptr;
  Shape shape, strides;  // as [batch, head, row, column]

  Operand() = default;
  Operand(const Tensor& given, bool tokens_first) : tensor(&given), shape(given.shape()) {
    while (shape.size() < 4) shape.insert(shape.begin(), 1);
    strides = {shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1};
    if (tokens_first) std::swap(shape[1], shape[2]), std::swap(strides[1], strides[2]);
  }
  bool fits(size_t axis, int64_t size) const { return shape[axis] == 1 || shape[axis] == size; }
  int64_t at(int64_t batch, int64_t head, int64_t row, int64_t column) const {
    const int64_t position[] = {batch, head, row, column};
    int64_t offset = 0;
    for (size_t d = 0; d < 4; ++d) offset += shape[d] == 1 ? 0 : position[d] * strides[d];
    return offset;
  }
};

struct Operands {
  Operand q, k, v, mask, keep;
  Shape y;  // [B,H,S,E]
  int64_t keys = 0, group = 1;
};

Result<Operands> operands(Evaluation& e) {
  const Attributes& a = e.attributes();
  for (size_t i = 0; i < 3; ++i)
    if (e.input(i).rank() != 4) return fail(ErrorCode::invalid_argument, "attention takes four axes, given ", describe(e.input(i)));
  Operands o;
  o.q = Operand(e.input(0), a.integer("q_tokens_first", 0));
  o.k = Operand(e.input(1), a.integer("k_tokens_first", 0));
  o.v = Operand(e.input(2), a.integer("v_tokens_first", 0));
  int64_t batch = 1;
  for (const Operand* operand : {&o.q, &o.k, &o.v})
    if (operand->shape[0] != 1) batch = operand->shape[0];
  o.y = {batch, o.q.shape[1], o.q.shape[2], o.v.shape[3]};
  o.keys = o.k.shape[2];
  const int64_t heads = o.k.shape[1];
  bool fit = heads > 0 && o.y[1] % heads == 0 && o.v.shape[1] == heads && o.v.shape[2] == o.keys && o.q.shape[3] == o.k.shape[3];
  if (fit) o.group = o.y[1] / heads;
  for (auto [input, operand] : {std::pair<size_t, Operand*>(3, &o.mask), {4, &o.keep}}) {
    if (!e.has(input)) continue;
    fit = fit && e.input(input).rank() <= 4;
    *operand = Operand(e.input(input), false);
    if (operand->shape[0] != 1) o.y[0] = operand->shape[0];
    fit = fit && operand->fits(1, o.y[1]) && operand->fits(2, o.y[2]) && operand->fits(3, o.keys);
  }
  for (const Operand* operand : {&o.q, &o.k, &o.v, &o.mask, &o.keep}) fit = fit && (!operand->tensor || operand->fits(0, o.y[0]));
  if (!fit)
    return fail(ErrorCode::invalid_argument, "attention cannot combine ", describe(e.input(0)), ", ", describe(e.input(1)), " and ",
                describe(e.input(2)), " with its mask");
  return o;
}

/// The probabilities of one query.
void weigh(const Operands& o, const Attributes& a, int64_t batch, int64_t head, int64_t query, std::vector<double>& p) {
  const float *q = o.q.tensor->data<float>().data(), *k = o.k.tensor->data<float>().data();
  const bool drop = a.integer("drop", 0);
  double most = -HUGE_VAL, sum = 0;
  for (int64_t key = 0; key < o.keys; ++key) {
    double score = 0;
    for (int64_t d = 0; d < o.q.shape[3]; ++d) score += double(q[o.q.at(batch, head, query, d)]) * k[o.k.at(batch, head / o.group, key, d)];
    score *= a.real("scale", 1);
    if (o.keep.tensor && o.keep.tensor->data<bool>()[size_t(o.keep.at(batch, head, query, key))] == drop) score = a.real("fill", 0);
    if (o.mask.tensor) score += o.mask.tensor->data<float>()[size_t(o.mask.at(batch, head, query, key))];
    // As float sums do: two large negative numbers make an infinite one.
    p[size_t(key)] = score = float(score);
    most = std::max(most, score);
  }
  for (double& x : p) sum += x = std::exp(x - most);
  for (double& x : p) x = a.integer("zero_nan", 0) && std::isnan(x / sum) ? 0 : x / sum;
}

Result<void> evaluate(Evaluation& e) {
  const Operands o = NACRE_TRY(operands(e));
  Shape shape = o.y;
  exchange(shape, e.attributes(), "y_tokens_first");
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, shape));
  const Operand out(*y, e.attributes().integer("y_tokens_first", 0));
  float* to = y->mutable_data<float>().data();
  const float* v = o.v.tensor->data<float>().data();
  std::vector<double> p(size_t(o.keys));
  for (int64_t batch = 0; batch < o.y[0]; ++batch)
    for (int64_t head = 0; head < o.y[1]; ++head) {
      NACRE_TRY(e.checkpoint());
      for (int64_t query = 0; query < o.y[2]; ++query) {
        weigh(o, e.attributes(), batch, head, query, p);
        for (int64_t d = 0; d < o.y[3]; ++d) {
          double sum = 0;
          for (int64_t key = 0; key < o.keys; ++key) sum += p[size_t(key)] * v[o.v.at(batch, head / o.group, key, d)];
          to[out.at(batch, head, query, d)] = float(sum);
        }
      }
    }
  return {};
}

double cost(const NodeView& n) {
  const auto q = constant_shape(*n.fact(0).shape), k = constant_shape(*n.fact(1).shape), v = constant_shape(*n.fact(2).shape);
  if (!q || !k || !v || q->size() != 4 || k->size() != 4 || v->size() != 4) return 0;
  const double rows = double((*q)[0]) * double((*q)[1]) * double((*q)[2]),
               keys = double((*k)[n.attributes().integer("k_tokens_first", 0) ? 1 : 2]);
  return 2 * rows * keys * double((*q)[3] + (*v)[3]);
}

}  // namespace

extern const Op op_nacre_attention;
const Op op_nacre_attention{.name = "Attention",
                            .domain = "nacre",
                            .since = {1},
                            .types = {DType::float32},
                            .inputs = {3, 5},
                            .infer = infer,
                            .evaluate = evaluate,
                            .kind = OpKind::contraction,
                            .cost = cost};

}  // namespace nacre

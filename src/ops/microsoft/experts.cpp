#include "ops/microsoft/experts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nacre {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double activate(std::string_view name, double x) {
  if (name == "relu") return std::max(x, 0.0);
  if (name == "silu") return x * sigmoid(x);
  if (name == "gelu") return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  return x;
}

// swiglu: G * sigmoid(alpha * G) * (L + beta), both clamped.
double swiglu(const ExpertRules& r, double gated, double linear) {
  const double g = std::min(gated, r.limit), l = std::clamp(linear, -r.limit, r.limit);
  return g * sigmoid(r.alpha * g) * (l + r.beta);
}

void activate_layer(const ExpertRules& r, const std::vector<double>& first, const std::vector<double>& gate, std::vector<double>& out) {
  const size_t half = first.size() / 2;
  if (!r.fused) {
    for (size_t i = 0; i < first.size(); ++i) {
      out[i] = r.activation == "swiglu" ? swiglu(r, first[i], gate[i]) : activate(r.activation, first[i]) * (gate.empty() ? 1 : gate[i]);
    }
    return;
  }
  for (size_t i = 0; i < half; ++i) {
    out[i] = r.interleaved ? swiglu(r, first[2 * i], first[2 * i + 1]) : swiglu(r, first[i], first[half + i]);
  }
}

// The experts of one token and their weights.
struct Choice {
  std::vector<int64_t> experts;
  std::vector<double> weights;
};

// SparseMixer (Phi-3.5-MoE): each of the two best experts weighs its share of a softmax over those that score nearly as much,
// the second without the first. https://arxiv.org/abs/2409.12136
void mix_sparsely(std::span<const double> scores, Choice& choice) {
  constexpr double kJitter = 0.01;
  for (size_t rank = 0; rank < choice.experts.size(); ++rank) {
    const double most = scores[choice.experts[rank]];
    double sum = 0;
    for (size_t expert = 0; expert < scores.size(); ++expert) {
      const bool taken = rank > 0 && static_cast<int64_t>(expert) == choice.experts[0];
      const bool far = (most - scores[expert]) / std::max(std::abs(scores[expert]), most) > 2 * kJitter;
      if (!taken && !far) sum += std::exp(scores[expert] - most);
    }
    choice.weights.push_back(1 / sum);
  }
}

Choice choose(const ExpertRules& r, std::span<const double> scores, const double* mixing) {
  Choice out;
  out.experts.resize(scores.size());
  std::iota(out.experts.begin(), out.experts.end(), 0);
  std::sort(out.experts.begin(), out.experts.end(),
            [&](int64_t a, int64_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  const double most = scores[out.experts[0]];
  double all = 0, chosen = 0;
  for (double score : scores) all += std::exp(score - most);
  out.experts.resize(static_cast<size_t>(r.most));
  if (r.sparse && !mixing)
    mix_sparsely(scores, out);
  else
    for (int64_t expert : out.experts) out.weights.push_back(mixing ? mixing[expert] : std::exp(scores[expert] - most) / all);
  for (double weight : out.weights) chosen += weight;
  for (double& weight : out.weights)
    if (r.normalize && chosen != 0) weight /= chosen;
  return out;
}

Result<void> check_layer(std::string_view name, const ExpertLayer& layer, const Experts& experts, int64_t rows, int64_t depth) {
  if (!layer.present) return {};
  if (layer.weights.shape() != Shape{experts.count, rows, depth} ||
      (!layer.bias.empty() && static_cast<int64_t>(layer.bias.size()) != experts.count * rows))
    return fail(ErrorCode::invalid_argument, name, " weights ", layer.weights.shape(), " with ", layer.bias.size(), " biases: expected ",
                Shape{experts.count, rows, depth});
  return {};
}

}  // namespace

void ExpertLayer::apply(int64_t expert, const std::vector<double>& x, std::vector<double>& out) const {
  const float* w = weights.data<float>().data() + expert * rows * depth;
  out.resize(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row, w += depth) {
    double sum = bias.empty() ? 0 : bias[static_cast<size_t>(expert * rows + row)];
    for (int64_t k = 0; k < depth; ++k) sum += w[k] * x[static_cast<size_t>(k)];
    out[static_cast<size_t>(row)] = sum;
  }
}

Result<ExpertRules> read_expert_rules(const Attributes& a) {
  static constexpr std::string_view kActivations[] = {"relu", "gelu", "silu", "swiglu", "identity"};
  const int64_t fusion = a.integer("swiglu_fusion", 0);
  ExpertRules r{.activation = a.string("activation_type", "relu"),
                .most = a.integer("k", 1),
                .normalize = a.integer("normalize_routing_weights", 0) != 0,
                .sparse = a.integer("use_sparse_mixer", 0) != 0,
                .interleaved = fusion == 1,
                .fused = fusion != 0,
                .alpha = a.real("activation_alpha", 1),
                .beta = a.real("activation_beta", 0),
                .limit = a.real("swiglu_limit", INFINITY)};
  if (std::find(std::begin(kActivations), std::end(kActivations), r.activation) == std::end(kActivations))
    return fail(ErrorCode::invalid_model, "activation_type '", r.activation, "' is none of relu, gelu, silu, swiglu, identity");
  r.fused = r.fused && r.activation == "swiglu";
  if (r.most < 1 || fusion < 0 || fusion > 2 || !(r.limit >= 0))
    return fail(ErrorCode::invalid_model, "k ", r.most, ", swiglu_fusion ", fusion, " and swiglu_limit ", r.limit);
  if (r.sparse && r.most != 2) return fail(ErrorCode::invalid_model, "use_sparse_mixer with k ", r.most, ": expected 2");
  return r;
}

Result<void> infer_experts(Inference& inference) {
  if (auto rules = read_expert_rules(inference.attributes()); !rules) return std::unexpected(rules.error());
  const SymShape *x = inference.shape(0), *router = inference.shape(1);
  if ((x && x->size() != 2 && x->size() != 3) || (router && router->size() != 2))
    return fail(ErrorCode::invalid_argument, "tokens ", inference.input(0).text(), " and router_probs ", inference.input(1).text());
  return same_as_input(inference);
}

Result<ExpertTokens> read_tokens(const Evaluation& e) {
  const Shape &x = e.shape(0), &router = e.shape(1);
  if ((x.size() != 2 && x.size() != 3) || router.size() != 2 || x.back() == 0 || router[0] != e.input(0).size() / x.back() || router[1] < 1)
    return fail(ErrorCode::invalid_argument, "tokens ", x, " and router_probs ", router,
                ": expected [tokens, hidden] and [tokens, experts]");
  return ExpertTokens{router[0], x.back(), router[1]};
}

Result<void> mix_experts(Evaluation& e, const ExpertRules& r, const Experts& experts, size_t mixing) {
  const ExpertTokens t = NACRE_TRY(read_tokens(e));
  const int64_t inner = experts.second.depth;
  if (!experts.first.present || !experts.second.present) return fail(ErrorCode::invalid_model, "the weights of fc1 and fc2 are required");
  NACRE_TRY(check_layer("fc1", experts.first, experts, inner * (r.fused ? 2 : 1), t.hidden));
  NACRE_TRY(check_layer("fc2", experts.second, experts, t.hidden, inner));
  NACRE_TRY(check_layer("fc3", experts.gate, experts, inner, t.hidden));
  if (r.activation == "swiglu" && !r.fused && !experts.gate.present)
    return fail(ErrorCode::invalid_model, "swiglu needs fc3, or both in fc1");
  if (r.fused && experts.gate.present) return fail(ErrorCode::invalid_model, "fc3 next to a fused fc1");
  if (r.most > t.experts) return fail(ErrorCode::invalid_model, "k ", r.most, " of ", t.experts, " experts");
  if (e.has(mixing) && e.shape(mixing) != e.shape(1))
    return fail(ErrorCode::invalid_argument, "router_weights ", e.shape(mixing), ": expected ", e.shape(1));
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  std::vector<double> score_scratch, mix_scratch, x(static_cast<size_t>(t.hidden)), first, gate, out;
  const double* scores = elements_as<double>(e.input(1), score_scratch);
  const double* mix = e.has(mixing) ? elements_as<double>(e.input(mixing), mix_scratch) : nullptr;
  for (int64_t token = 0; token < t.tokens; ++token) {
    NACRE_TRY(e.checkpoint());
    load_as<double>(e.dtype(0), e.input(0).raw(), token * t.hidden, t.hidden, x.data());
    std::vector<double> sum(static_cast<size_t>(t.hidden)), middle(static_cast<size_t>(inner));
    const Choice choice =
        choose(r, std::span(scores + token * t.experts, static_cast<size_t>(t.experts)), mix ? mix + token * t.experts : nullptr);
    for (size_t i = 0; i < choice.experts.size(); ++i) {
      experts.first.apply(choice.experts[i], x, first);
      if (experts.gate.present) experts.gate.apply(choice.experts[i], x, gate);
      activate_layer(r, first, gate, middle);
      experts.second.apply(choice.experts[i], middle, out);
      for (size_t k = 0; k < sum.size(); ++k) sum[k] += choice.weights[i] * out[k];
    }
    store_from<double>(y->dtype(), y->mutable_raw(), token * t.hidden, t.hidden, sum.data());
  }
  return {};
}

}  // namespace nacre

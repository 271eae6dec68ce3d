// SVMClassifier: every pair of classes decides by the kernel against its support vectors, the class with the most votes
// wins; Platt's sigmoids and the coupling of Wu, Lin and Weng (2004) make probabilities of the decisions. Without support
// vectors: one plane for each class.
// https://onnx.ai/onnx/operators/onnx_aionnxml_SVMClassifier.html
#include <algorithm>
#include <numeric>

#include "ops/ml/kernel_function.h"

namespace nacre {
namespace {

constexpr std::string_view kNumbers = "classlabels_ints";

struct Machine {
  Labels labels;
  KernelFunction kernel;
  PostTransform how;
  std::vector<float> coefficients, vectors, rho, prob_a, prob_b;
  std::vector<int64_t> per_class;
  int64_t classes = 0, supports = 0, pairs = 0;
  bool positive = true;  // no coefficient is negative
  // Scores of a row: probabilities, one for each class of planes, or the pairs' decisions (two for two classes).
  int64_t width() const { return supports == 0 || !prob_a.empty() || classes == 2 ? classes : pairs; }
};

Result<Machine> read(const Attributes& a) {
  Machine m{.labels = NACRE_TRY(read_labels(a, kNumbers)),
            .kernel = NACRE_TRY(read_kernel_function(a)),
            .how = NACRE_TRY(read_post_transform(a)),
            .coefficients = a.reals("coefficients"),
            .vectors = a.reals("support_vectors"),
            .rho = a.reals("rho"),
            .prob_a = a.reals("prob_a"),
            .prob_b = a.reals("prob_b"),
            .per_class = a.integers("vectors_per_class")};
  m.classes = m.labels.count(), m.pairs = m.classes * (m.classes - 1) / 2;
  for (int64_t count : m.per_class) {
    if (count < 0 || count > INT32_MAX) return fail(ErrorCode::invalid_model, "vectors_per_class ", m.per_class);
    m.supports += count;
  }
  for (float x : m.coefficients) m.positive = m.positive && x >= 0;
  if (m.supports == 0) return m;
  if (m.classes < 2 || static_cast<int64_t>(m.per_class.size()) != m.classes ||
      static_cast<int64_t>(m.coefficients.size()) != (m.classes - 1) * m.supports || static_cast<int64_t>(m.rho.size()) != m.pairs ||
      m.prob_a.size() != m.prob_b.size() || (!m.prob_a.empty() && static_cast<int64_t>(m.prob_a.size()) != m.pairs))
    return fail(ErrorCode::invalid_model, m.supports, " support vectors, ", m.coefficients.size(), " coefficients, ", m.rho.size(),
                " rho, ", m.prob_a.size(), " and ", m.prob_b.size(), " probability coefficients for ", m.classes, " classes");
  return m;
}

Result<void> check_features(const Machine& m, int64_t columns) {
  const int64_t rows = m.supports > 0 ? m.supports : m.classes;
  const size_t count = m.supports > 0 ? m.vectors.size() : m.coefficients.size();
  if (static_cast<int64_t>(count) != rows * columns || m.rho.empty())
    return fail(ErrorCode::invalid_argument, count, " numbers for ", rows, " vectors of ", columns, " features");
  return {};
}

struct Decisions {
  std::vector<double> scores, votes;
};

Decisions decide_pairs(const Machine& m, std::span<const double> x) {
  std::vector<double> kernels(static_cast<size_t>(m.supports));
  for (size_t i = 0; i < kernels.size(); ++i) kernels[i] = m.kernel(x, m.vectors.data() + i * x.size());
  std::vector<int64_t> first(m.per_class.size());
  std::exclusive_scan(m.per_class.begin(), m.per_class.end(), first.begin(), int64_t{0});
  Decisions out{{}, std::vector<double>(static_cast<size_t>(m.classes))};
  const auto sum = [&](int64_t row, int64_t of) {  // the coefficients of `row` against the vectors of class `of`
    const float* from = m.coefficients.data() + row * m.supports;
    double total = 0;
    for (int64_t at = first[of]; at < first[of] + m.per_class[of]; ++at) total += from[at] * kernels[at];
    return total;
  };
  for (int64_t i = 0; i < m.classes; ++i)
    for (int64_t j = i + 1; j < m.classes; ++j) {
      const double score = m.rho[out.scores.size()] + sum(j - 1, i) + sum(i, j);
      ++out.votes[score > 0 ? i : j];
      out.scores.push_back(score);
    }
  return out;
}

// Solves for the probabilities that agree best with all pairs', r[i, j] = P(i | i or j).
std::vector<double> couple(const std::vector<double>& r, size_t k) {
  std::vector<double> q(k * k), p(k, 1.0 / static_cast<double>(k)), qp(k);
  for (size_t t = 0; t < k; ++t)
    for (size_t j = 0; j < k; ++j) {
      if (j == t) continue;
      q[t * k + t] += r[j * k + t] * r[j * k + t];
      q[t * k + j] = -r[j * k + t] * r[t * k + j];
    }
  for (size_t round = 0; round < std::max<size_t>(100, k); ++round) {
    for (size_t t = 0; t < k; ++t) qp[t] = std::inner_product(p.begin(), p.end(), q.begin() + static_cast<int64_t>(t * k), 0.0);
    double pqp = std::inner_product(p.begin(), p.end(), qp.begin(), 0.0), error = 0;
    for (double x : qp) error = std::max(error, std::abs(x - pqp));
    if (error < 0.005 / static_cast<double>(k)) break;
    for (size_t t = 0; t < k; ++t) {
      const double change = (pqp - qp[t]) / q[t * k + t], grown = 1 + change;
      p[t] += change;
      pqp = (pqp + change * (change * q[t * k + t] + 2 * qp[t])) / (grown * grown);
      for (size_t j = 0; j < k; ++j) qp[j] = (qp[j] + change * q[t * k + j]) / grown, p[j] /= grown;
    }
  }
  return p;
}

std::vector<double> probabilities(const Machine& m, const std::vector<double>& scores) {
  const auto k = static_cast<size_t>(m.classes);
  std::vector<double> r(k * k);
  size_t pair = 0;
  for (size_t i = 0; i < k; ++i)
    for (size_t j = i + 1; j < k; ++j, ++pair) {
      const double given = 1 - logistic(scores[pair] * m.prob_a[pair] + m.prob_b[pair]);
      r[i * k + j] = std::clamp(given, 1e-7, 1 - 1e-7), r[j * k + i] = 1 - r[i * k + j];
    }
  return couple(r, k);
}

int64_t most(const std::vector<double>& x) { return std::max_element(x.begin(), x.end()) - x.begin(); }

// Label and scores of one row.
std::pair<int64_t, std::vector<double>> classify(const Machine& m, std::span<const double> x) {
  std::vector<double> scores;
  int64_t label = 0;
  if (m.supports == 0) {
    const KernelFunction plane;
    for (int64_t i = 0; i < m.classes; ++i)
      scores.push_back(plane(x, m.coefficients.data() + i * static_cast<int64_t>(x.size())) +
                       m.rho[m.rho.size() == 1 ? 0 : std::min(static_cast<size_t>(i), m.rho.size() - 1)]);
    label = most(scores);
  } else {
    Decisions made = decide_pairs(m, x);
    label = most(made.votes);
    scores = m.prob_a.empty() ? std::move(made.scores) : probabilities(m, made.scores);
  }
  if (scores.size() == 1 && m.classes == 2) return {label, both_scores(scores[0], false, m.how)};
  transform(m.how, scores);
  return {label, std::move(scores)};
}

Result<void> infer(Inference& inference) { return infer_classifier(inference, kNumbers, NACRE_TRY(read(inference.attributes())).width()); }

Result<void> evaluate(Evaluation& e) {
  const Machine m = NACRE_TRY(read(e.attributes()));
  const Features x = NACRE_TRY(read_features(e));
  NACRE_TRY(check_features(m, x.columns));
  Tensor* y = NACRE_TRY(e.output(0, m.labels.named ? DType::string : DType::int64, {x.rows}));
  Tensor* z = NACRE_TRY(e.output(1, DType::float32, {x.rows, m.width()}));
  for (int64_t row = 0; row < x.rows; ++row) {
    NACRE_TRY(e.checkpoint());
    const auto [label, scores] = classify(m, x.row(row));
    m.labels.store(label, *y, row);
    store_from<double>(DType::float32, z->mutable_raw(), row * m.width(), m.width(), scores.data());
  }
  return {};
}

}  // namespace

extern const Op op_ml_svm_classifier;
const Op op_ml_svm_classifier{.name = "SVMClassifier",
                              .domain = "ai.onnx.ml",
                              .since = {1},
                              .types = kFeatureTypes,
                              .outputs = {1, 2},
                              .infer = infer,
                              .evaluate = evaluate,
                              .kind = OpKind::contraction};

}  // namespace nacre

// Mixtures of experts: each token goes through the k experts that its router scores highest.
#pragma once

#include "ops/op.h"

namespace nacre {

/// One linear layer of every expert: y = w x + bias, w being [experts, rows, depth].
struct ExpertLayer {
  Tensor weights;  // float32
  std::vector<float> bias;
  int64_t rows = 0, depth = 0;
  bool present = false;
  /// out = w x + bias of expert `expert`.
  void apply(int64_t expert, const std::vector<double>& x, std::vector<double>& out) const;
};

struct Experts {
  int64_t count = 0;
  ExpertLayer first, second, gate;  // second(activation(first(x)) * gate(x))
};

/// What the attributes ask for, refused where it is not there.
struct ExpertRules {
  std::string activation;
  int64_t most;  // experts of a token
  bool normalize, sparse, interleaved, fused;
  double alpha, beta, limit;
};
Result<ExpertRules> read_expert_rules(const Attributes& attributes);

/// Output 0 is like input 0.
Result<void> infer_experts(Inference& inference);

/// The sizes of the tokens (input 0) and the router's scores (input 1).
struct ExpertTokens {
  int64_t tokens, hidden, experts;
};
Result<ExpertTokens> read_tokens(const Evaluation& e);

/// Checks the layers against each other and the tokens, then runs them. Mixing weights come from the router's scores, or from
/// input `mixing` when that is there.
Result<void> mix_experts(Evaluation& e, const ExpertRules& rules, const Experts& experts, size_t mixing);

}  // namespace nacre

// Sparse embeddings (SPLADE): a text becomes weights of the vocabulary's tokens, most of them 0.
//
//     auto embedder = nacre::SparseEmbedder::load("models/splade-v3");
//     std::vector<std::string> texts{"A man is eating food."};
//     nacre::SparseVector vector = embedder.embed(texts)[0];
//     for (size_t i = 0; i < vector.ids.size(); ++i)
//       std::cout << embedder.token(vector.ids[i]) << " " << vector.weights[i] << "\n";
//
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "nacre/task.h"

namespace nacre {

struct SparseVector {
  std::vector<uint32_t> ids;   ///< of tokens, ascending
  std::vector<float> weights;  ///< above 0
  bool truncated = false;      ///< the text was longer than the model takes
};

/// The product of two sparse vectors.
double dot(const SparseVector& a, const SparseVector& b);

/// A masked language model whose logits become weights, log(1 + relu(logit)), by their maximum or sum over the tokens. Copies are the
/// same model; it may be used from many threads at once.
class SparseEmbedder {
 public:
  /// Loads a ...ForMaskedLM, with or without modules.json (SpladePooling). Throws Error; its hint names the command for another model.
  static SparseEmbedder load(const std::filesystem::path& directory, const TaskOptions& options = {});

  std::vector<SparseVector> embed(std::span<const std::string> texts, const RunOptions& run = {}) const;
  std::string token(uint32_t id) const;

 private:
  struct State;
  explicit SparseEmbedder(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace nacre

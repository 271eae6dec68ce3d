// Reranking: how well documents answer a query, by a cross-encoder that reads both together.
//
//     auto reranker = nacre::Reranker::load("models/ms-marco-MiniLM-L6-v2");
//     std::vector<std::string> documents{"Berlin has 3.6 million people.", "The sky is blue."};
//     for (const nacre::RankedDocument& each : reranker.rank("How many people live in Berlin?", documents))
//       std::cout << each.score << " " << documents[each.index] << "\n";
//
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "nacre/task.h"

namespace nacre {

struct RerankOptions {
  TaskOptions task;
  size_t top_k = 0;     ///< documents to return, best first; 0: all
  bool logits = false;  ///< scores are the model's logits
};

struct RankedDocument {
  size_t index = 0;  ///< among the documents given
  double score = 0;
  bool truncated = false;  ///< query and document were longer than the model takes
};

/// One logit: its sigmoid. Two: the probability of the second. `identity`: the logit as it is (of two, the difference).
/// Throws Error (invalid_argument) for another number of logits.
double relevance(std::span<const float> logits, bool identity = false);

/// A cross-encoder with its tokenizer. Copies are the same model; it may be used from many threads at once.
class Reranker {
 public:
  /// Loads a ...ForSequenceClassification with one or two labels. A config whose activation is the identity
  /// (sentence_transformers.activation_fn) gives logits. Throws Error; its hint names the command for another model.
  static Reranker load(const std::filesystem::path& directory, const RerankOptions& options = {});

  std::vector<RankedDocument> rank(const std::string& query, std::span<const std::string> documents, const RunOptions& run = {}) const;

 private:
  struct State;
  explicit Reranker(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace nacre

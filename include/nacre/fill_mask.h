// Fills the gaps of a text: the tokens that a masked language model expects at each mask.
//
//     auto filler = nacre::MaskFiller::load("models/bert-base-uncased");
//     std::vector<std::string> texts{"The capital of France is [MASK]."};
//     for (const nacre::Fill& each : filler.fill(texts)[0][0])        // the first text's first mask
//       std::cout << each.score << " " << each.token << ": " << each.sequence << "\n";
//
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "nacre/task.h"

namespace nacre {

struct FillMaskOptions {
  TaskOptions task;
  size_t top_k = 5;
  std::vector<std::string> targets;  ///< only these tokens are considered; empty: all
};

struct Fill {
  double score = 0;  ///< the token's probability among all
  int64_t id = 0;
  std::string token;     ///< as text
  std::string sequence;  ///< the whole text with the token in the mask's place
};

/// A masked language model with its tokenizer. Copies are the same model; it may be used from many threads at once.
class MaskFiller {
 public:
  /// Loads a ...ForMaskedLM. Throws Error: its hint names the command for another model; a target that is no token is refused.
  static MaskFiller load(const std::filesystem::path& directory, const FillMaskOptions& options = {});

  /// For each text and each of its masks the best fills. A text without a mask is an error.
  std::vector<std::vector<std::vector<Fill>>> fill(std::span<const std::string> texts, const RunOptions& run = {}) const;
  /// What marks a gap: "[MASK]", "<mask>".
  const std::string& mask() const noexcept;

 private:
  struct State;
  explicit MaskFiller(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace nacre

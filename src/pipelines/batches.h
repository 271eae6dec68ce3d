// Encodings through a model: texts of similar length run together, as many as a number of padded tokens allows.
//
//     NACRE_TRY(run_batches(session, pointers, {.most_tokens = 512, .pad_id = 0}, run, [&](const Batch& batch) -> Result<void> {
//       const Tensor logits = NACRE_TRY(batch.output("logits", 2));           // float32 [texts, labels]
//       for (size_t row = 0; row < batch.texts.size(); ++row) use(batch.texts[row], logits, row);
//       return {};
//     }));
#pragma once

#include <span>
#include <string>

#include "core/function_ref.h"
#include "core/result.h"
#include "nacre/session.h"
#include "text/encoding.h"

namespace nacre {

struct BatchRules {
  int64_t most_tokens = 512;
  int64_t pad_id = 0;
  int64_t vocabulary = 0;  ///< rows of the embedding table as the config has them, for what a failed run says; 0: not known
};

/// One run and what came out.
struct Batch {
  std::span<const size_t> texts;  ///< positions among the encodings, a row each
  int64_t length = 0;             ///< tokens of the longest
  const Outputs& outputs;

  /// In float32, checked to be [texts, ?] for rank 2 and [texts, length, ?] for rank 3; rank -2 is [texts, length].
  Result<Tensor> output(const std::string& name, int rank) const;
};

/// Every encoding is in one batch exactly. What is behind a text's end is `pad_id` with an attention mask of 0.
Result<void> run_batches(const Session& session, std::span<const Encoding* const> encodings, const BatchRules& rules,
                         const RunOptions& options, FunctionRef<Result<void>(const Batch&)> take);

/// The name of the first output that has one of the names, else of the first of that rank. Fails (invalid_model) listing the outputs.
Result<std::string> find_output(const Session& session, std::span<const std::string_view> names, size_t rank, std::string_view wanted);

}  // namespace nacre

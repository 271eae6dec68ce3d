// A directory with an encoder and its tokenizer, opened for one task.
//
//     TextModel model = NACRE_TRY(TextModel::load(directory, options, "ForTokenClassification"));
//     std::vector<Encoding> encodings = NACRE_TRY(model.encode(inputs));
//     NACRE_TRY(model.run(encodings, run, [&](const Batch& batch) -> Result<void> { ... }));
#pragma once

#include <filesystem>

#include "io/json.h"
#include "nacre/task.h"
#include "pipelines/batches.h"
#include "text/tokenizer.h"

namespace nacre {

struct TextModel {
  Tokenizer tokenizer;
  Session session;
  Json config;                      ///< config.json; an empty object where there is none
  std::vector<std::string> labels;  ///< of id2label; empty where the config has none
  int64_t max_length = 512;
  int64_t pad_id = 0;
  bool special_tokens = true;  ///< around the texts; static models have none
  std::string mask;            ///< as tokenizer_config.json or special_tokens_map.json have it; may be empty
  TaskOptions options;

  /// `head` is the end of the class name in config.json that the task needs; empty: any will do. A directory of another task is an error
  /// (unsupported) whose hint names the command for it.
  static Result<TextModel> load(const std::filesystem::path& directory, const TaskOptions& options, std::string_view head);

  EncodeOptions encode_options() const;  ///< cutting to max_length, the longer of two texts first
  Result<std::vector<Encoding>> encode(std::span<const TextInput> inputs) const { return tokenizer.encode_batch(inputs, encode_options()); }
  Result<void> run(std::span<const Encoding> encodings, const RunOptions& run, FunctionRef<Result<void>(const Batch&)> take) const;
  Result<void> run(std::span<const Encoding* const> encodings, const RunOptions& run, FunctionRef<Result<void>(const Batch&)> take) const;

  /// The token that stands for a masked one: of the directory's settings, else "[MASK]" or "<mask>". Fails (invalid_model) without any.
  Result<std::string> mask_token() const;
  /// "LABEL_3" where the config has no name.
  std::string label(size_t index) const { return index < labels.size() ? labels[index] : cat("LABEL_", index); }
};

/// The error of a directory whose model is for another task; nothing where config.json does not say.
Result<void> require_head(const Json& config, std::string_view head);

/// One row of logits for each text, from a sequence classifier.
Result<std::vector<std::vector<float>>> sequence_logits(const TextModel& model, std::span<const Encoding> encodings, const RunOptions& run);

/// An encoding and the windows that truncation cut off it, in order of the text.
std::vector<const Encoding*> windows_of(const Encoding& encoding);

/// By code points, without context.
std::string lower_cased(std::string_view text);

/// The value, or its error thrown: the public edge.
template <class T>
T unwrap(Result<T> result) {
  if (!result) throw std::move(result).error();
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace nacre

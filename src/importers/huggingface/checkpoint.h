// A Hugging Face directory opened: its config and its weights by name.
//
//     Checkpoint checkpoint = NACRE_TRY(Checkpoint::open("models/minilm", "bert."));
//     int64_t hidden = NACRE_TRY(checkpoint.config().integer("hidden_size"));
//     Tensor w = NACRE_TRY(checkpoint.weight("embeddings.word_embeddings.weight", {vocabulary, hidden}));
#pragma once

#include <string>
#include <string_view>

#include "io/json.h"
#include "io/safetensors.h"

namespace nacre {

class Checkpoint {
 public:
  static Result<Checkpoint> open(const std::string& directory);

  const Json& config() const noexcept { return config_; }
  /// "BertForTokenClassification": the first of "architectures"; empty when the config names none.
  const std::string& class_name() const noexcept { return class_name_; }

  bool has(std::string_view name) const noexcept { return weights_.find(name) != nullptr; }
  /// In float32: a view of the mapped file, converted where the file has float16, bfloat16 or float64. A dimension of -1
  /// may be any. Fails (invalid_model) on a missing weight or another shape.
  Result<Tensor> weight(const std::string& name, const Shape& expected) const;

 private:
  Json config_;
  std::string class_name_;
  Safetensors weights_;
};

}  // namespace nacre

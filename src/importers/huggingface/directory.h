// A model by its path or its Hub name, and which of its files is the model. Nothing is ever downloaded.
//
//     ModelDirectory model = NACRE_TRY(ModelDirectory::open("sentence-transformers/all-MiniLM-L6-v2"));
//     ModelFile weights = NACRE_TRY(model.weights({.dtype = "q4"}));       // onnx/model_q4.onnx
//     Json tokenizer = NACRE_TRY(model.json("tokenizer_config.json"));
//
// The search order is documented in docs/models.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/json.h"

namespace nacre {

struct ModelFile {
  enum class Format : uint8_t { safetensors, onnx };
  Format format = Format::onnx;
  std::string name;    ///< relative to the directory: "onnx/model_q4.onnx"
  std::string path;    ///< where it lies
  std::string reason;  ///< why this one: "named by the caller", "the only .onnx file here"
};

/// What is asked of a directory that may hold the same model several times.
struct WeightChoice {
  std::string file;                 ///< exactly this one, relative to the directory; empty: by the search order
  std::string dtype;                ///< "fp32", "fp16", "int8", "uint8", "q8", "q4", "q4f16", "bnb4", "O1" .. "O4" or any suffix
  std::string component = "model";  ///< stem of the ONNX file: "encoder_model", "decoder_model_merged"
};

class ModelDirectory {
 public:
  /// A directory's path, or a Hub name ("org/name", "name", either with "@revision") that is in the local cache: HF_HUB_CACHE,
  /// else HF_HOME/hub, else ~/.cache/huggingface/hub. Fails (not_found) listing the places that were looked at.
  static Result<ModelDirectory> open(std::string_view path_or_name);

  const std::string& path() const noexcept { return path_; }
  /// A folder below, which need not exist.
  ModelDirectory subdirectory(std::string_view name) const { return ModelDirectory(file(name)); }
  bool has(std::string_view file) const;
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
  /// Fails (not_found) when it is absent; errors begin with the file's name.
  Result<Json> json(std::string_view name) const;
  /// An absent file is an empty object.
  Result<Json> json_or_empty(std::string_view name) const;

  /// The model's file; fails (not_found, or invalid_argument where several fit equally) listing the candidates.
  Result<ModelFile> weights(const WeightChoice& choice = {}) const;
  /// All that fit, best first; at least one.
  Result<std::vector<ModelFile>> all_weights(const WeightChoice& choice = {}) const;
  /// Every file that could be the model, relative names, sorted.
  std::vector<std::string> candidates() const;

 private:
  explicit ModelDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// True for "name" and "org/name" as the Hub spells them, with or without "@revision".
bool is_hub_name(std::string_view text) noexcept;

}  // namespace nacre

// Safetensors checkpoints: mapped, every number in the header checked, tensors viewed where they lie.
// https://huggingface.co/docs/safetensors
//
//     Safetensors weights = NACRE_TRY(load_safetensors_directory("models/minilm"));   // one file or shards
//     const Tensor* w = weights.find("embeddings.word_embeddings.weight");           // null when absent
//     NACRE_TRY(save_safetensors("copy.safetensors", weights.tensors, weights.metadata));
//
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace nacre {

struct Safetensors {
  std::vector<std::pair<std::string, Tensor>> tensors;  // sorted by name
  std::map<std::string, std::string> metadata;

  const Tensor* find(std::string_view name) const noexcept;
};

/// `owner` keeps the bytes alive for the tensors that view them. Fails (invalid_model) on anything but a whole, gapless file.
Result<Safetensors> parse_safetensors(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
Result<Safetensors> load_safetensors(const std::string& path);
/// `model.safetensors.index.json` and the shards it names where there is one, else `model.safetensors`. Symbolic links are
/// followed (a Hugging Face cache is made of them), but an index can name files of this directory only.
Result<Safetensors> load_safetensors_directory(const std::string& directory);

/// Widest elements first, so that all are aligned; equal input gives equal files.
Result<void> save_safetensors(const std::string& path, std::span<const std::pair<std::string, Tensor>> tensors,
                              const std::map<std::string, std::string>& metadata = {});

}  // namespace nacre

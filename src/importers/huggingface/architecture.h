// The row of an architecture: one file each in architectures/, collected by cmake/NacreRegistry.cmake.
//
//     extern const Architecture architecture_bert;
//     const Architecture architecture_bert{.model_type = "bert", .prefix = "Bert", .build = build};
#pragma once

#include <span>
#include <string_view>

#include "graph/graph.h"
#include "importers/huggingface/checkpoint.h"

namespace nacre {

struct Architecture {
  std::string_view model_type;  ///< of config.json
  std::string_view prefix;      ///< of the class names in "architectures": "Bert" of "BertForMaskedLM"
  /// `head` is the rest of the class name: "Model", "ForMaskedLM".
  Result<Graph> (*build)(const Checkpoint& checkpoint, std::string_view head);
};

/// Sorted by name.
std::span<const Architecture* const> architectures();

}  // namespace nacre

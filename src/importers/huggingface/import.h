// A Hugging Face directory (config.json with safetensors) to a graph.
#pragma once

#include <filesystem>

#include "graph/graph.h"

namespace nacre {

/// Fails (unsupported) on an architecture that is not known, listing those that are.
Result<Graph> import_huggingface(const std::filesystem::path& directory);

}  // namespace nacre

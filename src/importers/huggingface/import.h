// A Hugging Face directory (config.json with safetensors) to a graph.
#pragma once

#include <filesystem>

#include "graph/graph.h"

namespace nacre {

/// A directory's path, or a Hub name in the local cache (directory.h says which file is taken). The file's name is in the
/// graph's metadata as "file". Fails (unsupported) on an architecture that is not known, listing those that are.
/// `weights`: a file of the directory or a dtype; empty for the first that fits.
Result<Graph> import_huggingface(const std::filesystem::path& directory, std::string_view weights = {});

}  // namespace nacre

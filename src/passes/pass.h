// A pass makes a graph better and leaves it verified, inferred and tidy. One file each; the build collects the rows.
#pragma once

#include "graph/graph.h"

namespace nacre {

struct PassOptions {
  /// Constants larger than this are not made by folding (bytes), unless they replace ones at least as large.
  int64_t fold_limit = int64_t{16} << 20;
};

/// Standard passes use only operators of the model's own domains, so every backend can run the result. Fusions give
/// `nacre` operators that our own engine has kernels for.
enum class PassLevel : uint8_t { standard, fusion };

struct Pass {
  std::string_view name;
  PassLevel level = PassLevel::standard;
  int order = 0;  ///< smaller runs earlier within its level; ties by name
  /// True when the graph changed. The caller tidies, and infers again, after a change.
  Result<bool> (*run)(Graph&, const PassOptions&) = nullptr;
};

std::span<const Pass* const> all_passes();  ///< sorted by level, order, name

/// Runs the passes of `level`, the round again while anything changed (at most 8 rounds), on bodies too.
Result<void> optimise(Graph& graph, PassLevel level, const PassOptions& options = {});

}  // namespace nacre

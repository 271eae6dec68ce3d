// What is kept of a model's weights on disk is checked while the model is being read.
//
//     const auto ahead = check_kept_weights(path, options);      // for as long as the session is being made
//     return make_session(NACRE_TRY(load_graph(path)), options);
//
#pragma once

#include <filesystem>

#include "core/kept_ahead.h"
#include "nacre/session.h"

namespace nacre {

/// Null where nothing is kept, where another backend than `native` comes first, or where a run has one thread only.
std::unique_ptr<KeptAhead> check_kept_weights(const std::filesystem::path& path, const SessionOptions& options);

}  // namespace nacre

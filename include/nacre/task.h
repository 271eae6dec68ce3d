// What the text tasks have in common: options of the model under them, and labels with scores.
//
//     nacre::TaskOptions options{.session = {.threads = 2}, .max_length = 256};
//     options.replace_invalid = true;
//     std::vector<nacre::LabelScore> labels{{"POSITIVE", 0.98}, {"NEGATIVE", 0.02}};
//     for (const auto& [label, score] : labels) std::cout << label << " " << score << "\n";
//     std::cout << options.batch_tokens << " tokens run at one time\n";
//
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nacre/session.h"

namespace nacre {

struct TaskOptions {
  SessionOptions session;
  int64_t max_length = 0;        ///< tokens a text is cut to, special ones included; 0: as the directory says
  int64_t batch_tokens = 512;    ///< padded tokens that run at one time; more leave the caches, which costs more than it gains
  bool replace_invalid = false;  ///< ill-formed UTF-8 becomes U+FFFD instead of an error
};

struct LabelScore {
  std::string label;
  double score = 0;
};

/// A place in a text, half-open, in code points and in bytes.
struct TextSpan {
  size_t begin = 0, end = 0;
  size_t byte_begin = 0, byte_end = 0;
};

}  // namespace nacre

// Text out of ids that come one by one, never half a character.
//
//     DecodeStream stream(tokenizer);
//     while (auto id = next_id())
//       if (auto text = NACRE_TRY(stream.step(*id))) print(*text);        // none: more ids are needed first
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace nacre {

/// The tokenizer must outlive it.
class DecodeStream {
 public:
  explicit DecodeStream(const Tokenizer& tokenizer, bool skip_special_tokens = true)
      : tokenizer_(tokenizer), skip_special_tokens_(skip_special_tokens) {}

  /// The text that the id completes. Fails (invalid_argument) where a decoder takes back text that went out before.
  Result<std::optional<std::string>> step(uint32_t id);

 private:
  const Tokenizer& tokenizer_;
  bool skip_special_tokens_;
  std::vector<uint32_t> ids_;  // the last ones that gave text, and those since
  size_t given_ = 0;           // how many of them have
  std::string prefix_;         // their text
};

}  // namespace nacre

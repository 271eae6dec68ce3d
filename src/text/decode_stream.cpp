#include "text/decode_stream.h"

namespace nacre {
namespace {

bool ends_in_replacement(std::string_view text) { return text.ends_with("\uFFFD"); }

}  // namespace

// The reference's steps: decoders look at neighbours (the first token's space, runs of bytes), so the ids that gave the
// last text are decoded again with what follows, and what is new is given out.
Result<std::optional<std::string>> DecodeStream::step(uint32_t id) {
  if (prefix_.empty() && !ids_.empty()) {
    std::string prefix = NACRE_TRY(tokenizer_.decode(ids_, skip_special_tokens_));
    if (!ends_in_replacement(prefix)) {
      prefix_ = std::move(prefix);
      given_ = ids_.size();
    }
  }
  ids_.push_back(id);
  const std::string text = NACRE_TRY(tokenizer_.decode(ids_, skip_special_tokens_));
  if (text.size() <= prefix_.size() || ends_in_replacement(text)) return std::nullopt;
  if (!text.starts_with(prefix_))
    return fail(ErrorCode::invalid_argument, "streaming: \"", prefix_, "\" went out, and with one id more the text is \"", text, "\"");
  std::string fresh = text.substr(prefix_.size());
  const size_t kept = ids_.size() - given_;
  ids_.erase(ids_.begin(), ids_.begin() + static_cast<ptrdiff_t>(given_));
  prefix_ = NACRE_TRY(tokenizer_.decode(ids_, skip_special_tokens_));
  given_ = kept;
  return fresh;
}

}  // namespace nacre

// Strip decoder: up to so many of one character go at the start and at the end of each token.
#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class StripDecoder final : public Decoder {
 public:
  StripDecoder(std::string content, size_t start, size_t stop) : content_(std::move(content)), start_(start), stop_(stop) {}

  Result<void> apply(std::vector<std::string>& tokens) const override {
    for (std::string& token : tokens) {
      std::string_view rest = token;
      for (size_t cut = 0; cut < start_ && rest.starts_with(content_); ++cut) rest.remove_prefix(content_.size());
      for (size_t cut = 0; cut < stop_ && rest.ends_with(content_); ++cut) rest.remove_suffix(content_.size());
      if (rest.size() < token.size()) token = std::string(rest);
    }
    return {};
  }

 private:
  std::string content_;
  size_t start_, stop_;
};

Result<std::unique_ptr<const Decoder>> load(const Json& json) {
  const std::string_view content = NACRE_TRY(json.text("content"));
  if (count_codes(content) != 1)
    return fail(ErrorCode::invalid_argument, json.path(), ".content: expected one character, found ", json_quoted(content));
  const int64_t start = NACRE_TRY(json.integer("start")), stop = NACRE_TRY(json.integer("stop"));
  if (start < 0 || stop < 0) return fail(ErrorCode::invalid_argument, json.path(), ": negative start or stop");
  return std::make_unique<StripDecoder>(std::string(content), static_cast<size_t>(start), static_cast<size_t>(stop));
}

}  // namespace

extern const DecoderType decoder_strip;
const DecoderType decoder_strip{.type = "Strip", .load = load};

}  // namespace nacre

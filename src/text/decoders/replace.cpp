// Replace decoder: in every token the matches of a pattern become a text.
#include "text/component.h"
#include "text/decoding.h"
#include "text/pattern.h"

namespace nacre {
namespace {

class ReplaceDecoder final : public Decoder {
 public:
  ReplaceDecoder(Pattern pattern, std::string_view content) : pattern_(std::move(pattern)), content_(content) {}

  Result<void> apply(std::vector<std::string>& tokens) const override {
    size_t made = 0;
    for (const std::string& token : tokens) made += token.size();
    if (made > kMostDecodedBytes) return {};
    for (std::string& token : tokens) {
      std::string out;
      size_t done = 0;
      const auto replace = [&](ByteRange match) {
        if (made + out.size() > kMostDecodedBytes) return;
        out.append(token, done, match.begin - done).append(content_);
        done = match.end;
      };
      NACRE_TRY(pattern_.for_each_match(token, replace));
      token = std::move(out.append(token, done));
      made += token.size();
    }
    return {};
  }

 private:
  Pattern pattern_;
  std::string content_;
};

Result<std::unique_ptr<const Decoder>> load(const Json& json) {
  Pattern pattern = NACRE_TRY(Pattern::load(NACRE_TRY(json.at("pattern"))));
  return std::make_unique<ReplaceDecoder>(std::move(pattern), NACRE_TRY(json.text("content")));
}

}  // namespace

extern const DecoderType decoder_replace;
const DecoderType decoder_replace{.type = "Replace", .load = load};

}  // namespace nacre

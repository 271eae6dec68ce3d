// CTC: repeated tokens become one, padding goes, delimiters become spaces.
// https://distill.pub/2017/ctc
#include <algorithm>

#include "text/component.h"
#include "text/decoding.h"

namespace nacre {
namespace {

class Ctc final : public Decoder {
 public:
  Ctc(std::string_view pad, std::string_view delimiter, bool cleanup) : pad_(pad), delimiter_(delimiter), cleanup_(cleanup) {}

  Result<void> apply(std::vector<std::string>& tokens) const override {
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    for (std::string& token : tokens) {
      replace_all(token, pad_, "");
      if (!cleanup_) continue;
      clean_up(token);
      replace_all(token, delimiter_, " ");
    }
    std::erase_if(tokens, [](const std::string& token) { return token.empty(); });
    return {};
  }

 private:
  std::string pad_, delimiter_;
  bool cleanup_;
};

Result<std::unique_ptr<const Decoder>> load(const Json& json) {
  const std::string_view pad = NACRE_TRY(json.text("pad_token", "<pad>")), delimiter = NACRE_TRY(json.text("word_delimiter_token", "|"));
  return std::make_unique<Ctc>(pad, delimiter, NACRE_TRY(json.boolean("cleanup", true)));
}

}  // namespace

extern const DecoderType decoder_ctc;
const DecoderType decoder_ctc{.type = "CTC", .load = load};

}  // namespace nacre

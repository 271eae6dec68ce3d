// BPEDecoder: the suffix of a word's last token becomes a space, that of the last token goes.
#include "text/component.h"
#include "text/decoding.h"

namespace nacre {
namespace {

class BpeDecoder final : public Decoder {
 public:
  explicit BpeDecoder(std::string suffix) : suffix_(std::move(suffix)) {}

  Result<void> apply(std::vector<std::string>& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) replace_all(tokens[i], suffix_, i + 1 == tokens.size() ? "" : " ");
    return {};
  }

 private:
  std::string suffix_;
};

Result<std::unique_ptr<const Decoder>> load(const Json& json) {
  return std::make_unique<BpeDecoder>(std::string(NACRE_TRY(json.text("suffix", "</w>"))));
}

}  // namespace

extern const DecoderType decoder_bpe;
const DecoderType decoder_bpe{.type = "BPEDecoder", .load = load};

}  // namespace nacre

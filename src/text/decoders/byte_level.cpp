// ByteLevel decoder: characters to the bytes they stand for; a token with any other character stands for its own bytes.
#include "text/byte_level.h"

#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class ByteLevelDecoder final : public Decoder {
 public:
  Result<void> apply(std::vector<std::string>& tokens) const override {
    std::string bytes;
    for (const std::string& token : tokens) {
      auto own = characters_to_bytes(token);
      bytes += own ? *own : token;
    }
    tokens.assign(1, replace_invalid_utf8(bytes));
    return {};
  }
};

Result<std::unique_ptr<const Decoder>> load(const Json&) { return std::make_unique<ByteLevelDecoder>(); }

}  // namespace

extern const DecoderType decoder_byte_level;
const DecoderType decoder_byte_level{.type = "ByteLevel", .load = load};

}  // namespace nacre

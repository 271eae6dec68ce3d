// Fuse: all tokens become one.
#include "text/component.h"

namespace nacre {
namespace {

class Fuse final : public Decoder {
 public:
  Result<void> apply(std::vector<std::string>& tokens) const override {
    std::string out;
    for (const std::string& token : tokens) out += token;
    tokens.assign(1, std::move(out));
    return {};
  }
};

Result<std::unique_ptr<const Decoder>> load(const Json&) { return std::make_unique<Fuse>(); }

}  // namespace

extern const DecoderType decoder_fuse;
const DecoderType decoder_fuse{.type = "Fuse", .load = load};

}  // namespace nacre

// ByteFallback: runs of "<0x41>" become their bytes' text, or one U+FFFD each where they are no UTF-8.
#include "text/component.h"
#include "text/decoding.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class ByteFallback final : public Decoder {
 public:
  Result<void> apply(std::vector<std::string>& tokens) const override {
    std::vector<std::string> out;
    std::string bytes;
    for (std::string& token : tokens) {
      if (const auto byte = byte_of_token(token)) {
        bytes += static_cast<char>(*byte);
        continue;
      }
      flush(bytes, out);
      out.push_back(std::move(token));
    }
    flush(bytes, out);
    tokens = std::move(out);
    return {};
  }

 private:
  static void flush(std::string& bytes, std::vector<std::string>& out) {
    if (bytes.empty()) return;
    if (find_invalid_utf8(bytes)) {
      out.insert(out.end(), bytes.size(), "\uFFFD");
    } else {
      out.push_back(bytes);
    }
    bytes.clear();
  }
};

Result<std::unique_ptr<const Decoder>> load(const Json&) { return std::make_unique<ByteFallback>(); }

}  // namespace

extern const DecoderType decoder_byte_fallback;
const DecoderType decoder_byte_fallback{.type = "ByteFallback", .load = load};

}  // namespace nacre

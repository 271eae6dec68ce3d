// Metaspace decoder: the replacement becomes a space again; in the first token it goes, where encoding has put one there.
#include "text/component.h"
#include "text/decoding.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class MetaspaceDecoder final : public Decoder {
 public:
  MetaspaceDecoder(std::string replacement, bool prepended) : replacement_(std::move(replacement)), prepended_(prepended) {}

  Result<void> apply(std::vector<std::string>& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) replace_all(tokens[i], replacement_, i == 0 && prepended_ ? "" : " ");
    return {};
  }

 private:
  std::string replacement_;
  bool prepended_;
};

Result<std::unique_ptr<const Decoder>> load(const Json& json) {
  const std::string_view replacement = NACRE_TRY(json.text("replacement", "\u2581"));
  if (count_codes(replacement) != 1)
    return fail(ErrorCode::invalid_argument, json.path(), ".replacement: expected one character, found ", json_quoted(replacement));
  // Files of before 2023 say add_prefix_space.
  const bool prepended = NACRE_TRY(json.boolean("add_prefix_space", true));
  const std::string_view scheme = NACRE_TRY(json.text("prepend_scheme", prepended ? "always" : "never"));
  return std::make_unique<MetaspaceDecoder>(std::string(replacement), scheme != "never");
}

}  // namespace

extern const DecoderType decoder_metaspace;
const DecoderType decoder_metaspace{.type = "Metaspace", .load = load};

}  // namespace nacre

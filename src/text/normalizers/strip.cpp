// Strip: white space at the start, at the end or both goes.
#include "text/component.h"
#include "text/unicode.h"

namespace nacre {
namespace {

class Strip final : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}

  void apply(Normalized& text) const override {
    const std::string_view present = text.text();
    const auto begin = left_ ? skip_space(present, 0) : 0;
    const auto end =
        right_ ? skip_space_back(present, static_cast<uint32_t>(present.size()), begin) : static_cast<uint32_t>(present.size());
    if (begin > 0 || end < present.size()) text.cut(begin, end);
  }

 private:
  bool left_, right_;
};

Result<std::unique_ptr<const Normalizer>> load(const Json& json) {
  const bool left = NACRE_TRY(json.boolean("strip_left", true));
  return std::make_unique<Strip>(left, NACRE_TRY(json.boolean("strip_right", true)));
}

}  // namespace

extern const NormalizerType normalizer_strip;
const NormalizerType normalizer_strip{.type = "Strip", .load = load};

}  // namespace nacre

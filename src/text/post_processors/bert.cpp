// BertProcessing: [CLS] A [SEP], or [CLS] A [SEP] B [SEP] with type 1 from B on.
#include "text/component.h"

namespace nacre {
namespace {

struct SpecialToken {
  std::string content;
  uint32_t id = 0;
};

class BertProcessing final : public PostProcessor {
 public:
  BertProcessing(SpecialToken start, SpecialToken separator) : start_(std::move(start)), separator_(std::move(separator)) {}

  size_t added(bool pair) const override { return pair ? 3 : 2; }

  Result<void> apply(std::vector<Encoding>& encodings, bool add_special_tokens) const override {
    for (size_t i = 0; i < encodings.size(); ++i) {
      encodings[i].set_sequence(static_cast<int32_t>(i));
      encodings[i].set_type(static_cast<uint32_t>(i));
      if (add_special_tokens) surround(encodings[i], i == 0, static_cast<uint32_t>(i));
    }
    return {};
  }

 private:
  void surround(Encoding& encoding, bool first, uint32_t type_id) const {
    for (Encoding& rest : encoding.overflow) surround(rest, first, type_id);
    std::vector<Encoding> overflow = std::move(encoding.overflow);
    Encoding out;
    out.reserve(encoding.size() + 2);
    if (first) out.push_special(start_.id, start_.content, type_id);
    encoding.overflow.clear();
    out.append(encoding);
    out.push_special(separator_.id, separator_.content, type_id);
    out.overflow = std::move(overflow);
    encoding = std::move(out);
  }

  SpecialToken start_, separator_;
};

/// ["[SEP]", 102]
Result<SpecialToken> load_token(const Json& json) {
  const std::string_view content = NACRE_TRY(NACRE_TRY(json.at(0)).text());
  const int64_t id = NACRE_TRY(NACRE_TRY(json.at(1)).integer());
  if (id < 0 || id > UINT32_MAX) return fail(ErrorCode::invalid_argument, json.path(), "[1]: no id: ", id);
  return SpecialToken{std::string(content), static_cast<uint32_t>(id)};
}

Result<std::unique_ptr<const PostProcessor>> load(const Json& json) {
  SpecialToken start = NACRE_TRY(load_token(NACRE_TRY(json.at("cls"))));
  SpecialToken separator = NACRE_TRY(load_token(NACRE_TRY(json.at("sep"))));
  return std::make_unique<BertProcessing>(std::move(start), std::move(separator));
}

}  // namespace

extern const PostProcessorType post_processor_bert;
const PostProcessorType post_processor_bert{.type = "BertProcessing", .load = load};

}  // namespace nacre

// TemplateProcessing: "[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1" in the file's own form, one template for a text, one for a pair.
#include <algorithm>
#include <map>

#include "text/component.h"

namespace nacre {
namespace {

struct SpecialTokens {
  std::vector<uint32_t> ids;
  std::vector<std::string> tokens;
};

struct TemplatePiece {
  int sequence = -1;  // 0 or 1: that text; -1: special tokens
  const SpecialTokens* special = nullptr;
  uint32_t type_id = 0;
};
using Template = std::vector<TemplatePiece>;

Encoding special_encoding(const TemplatePiece& piece) {
  Encoding out;
  for (size_t i = 0; i < piece.special->ids.size(); ++i) out.push_special(piece.special->ids[i], piece.special->tokens[i], piece.type_id);
  return out;
}

size_t count_special(const Template& pieces) {
  size_t out = 0;
  for (const TemplatePiece& piece : pieces) out += piece.special ? piece.special->ids.size() : 0;
  return out;
}

class TemplateProcessing final : public PostProcessor {
 public:
  size_t added(bool pair) const override { return count_special(pair ? pair_ : single_); }

  Result<void> apply(std::vector<Encoding>& encodings, bool add_special_tokens) const override {
    std::vector<Encoding> out;
    for (const TemplatePiece& piece : encodings.size() == 2 ? pair_ : single_) {
      if (piece.special) {
        if (add_special_tokens) out.push_back(special_encoding(piece));
        continue;
      }
      if (static_cast<size_t>(piece.sequence) >= encodings.size())
        return fail(ErrorCode::invalid_model, "the template for one text asks for a second one");
      Encoding& encoding = encodings[static_cast<size_t>(piece.sequence)];
      std::fill(encoding.type_ids.begin(), encoding.type_ids.end(), piece.type_id);  // the windows' stay: the reference's way
      encoding.set_sequence(static_cast<uint32_t>(piece.sequence));
      out.push_back(encoding);
    }
    encodings = std::move(out);
    return {};
  }

  Result<void> load(const Json& json) {
    const auto special = NACRE_TRY(NACRE_TRY(json.at("special_tokens")).entries());
    for (const auto& [name, entry] : special) NACRE_TRY(load_special(std::string(name), entry));
    NACRE_TRY(load_template(NACRE_TRY(json.at("single")), single_));
    return load_template(NACRE_TRY(json.at("pair")), pair_);
  }

 private:
  Result<void> load_special(const std::string& name, const Json& json) {
    SpecialTokens& out = special_[name];
    for (const int64_t id : NACRE_TRY(NACRE_TRY(json.at("ids")).integers())) {
      if (id < 0 || id > UINT32_MAX) return fail(ErrorCode::invalid_argument, json.path(), ".ids: no id: ", id);
      out.ids.push_back(static_cast<uint32_t>(id));
    }
    out.tokens = NACRE_TRY(NACRE_TRY(json.at("tokens")).texts());
    if (out.tokens.size() == out.ids.size()) return {};
    return fail(ErrorCode::invalid_argument, json.path(), ": ", out.ids.size(), " ids and ", out.tokens.size(), " tokens");
  }

  Result<void> load_template(const Json& json, Template& out) {
    for (const Json& entry : NACRE_TRY(json.elements())) out.push_back(NACRE_TRY(load_piece(entry)));
    return {};
  }

  Result<TemplatePiece> load_piece(const Json& json) {
    const bool special = json.has("SpecialToken");
    const Json body = NACRE_TRY(json.at(special ? "SpecialToken" : "Sequence"));
    const std::string_view name = NACRE_TRY(body.text("id"));
    TemplatePiece out{.type_id = static_cast<uint32_t>(NACRE_TRY(body.integer("type_id", 0)))};
    if (!special) {
      if (name != "A" && name != "B")
        return fail(ErrorCode::invalid_argument, body.path(), ".id: expected A or B, found ", json_quoted(name));
      out.sequence = name == "B";
      return out;
    }
    const auto found = special_.find(std::string(name));
    if (found == special_.end())
      return fail(ErrorCode::invalid_argument, body.path(), ": ", json_quoted(name), " is not among special_tokens");
    out.special = &found->second;
    return out;
  }

  std::map<std::string, SpecialTokens> special_;  // templates point at its values
  Template single_, pair_;
};

Result<std::unique_ptr<const PostProcessor>> load(const Json& json) {
  auto out = std::make_unique<TemplateProcessing>();
  NACRE_TRY(out->load(json));
  return out;
}

}  // namespace

extern const PostProcessorType post_processor_template;
const PostProcessorType post_processor_template{.type = "TemplateProcessing", .load = load};

}  // namespace nacre

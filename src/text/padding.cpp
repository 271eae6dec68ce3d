// Padding of a batch to one length.
#include <algorithm>

#include "io/json.h"
#include "text/encoding.h"

namespace nacre {
namespace {

void pad_to(Encoding& encoding, size_t length, const Padding& padding, const std::shared_ptr<const std::string>& token) {
  for (Encoding& rest : encoding.overflow) pad_to(rest, length, padding, token);
  if (encoding.size() >= length) return;
  Encoding pads;
  pads.reserve(length);
  while (pads.size() + encoding.size() < length) pads.push_special(padding.id, *token, padding.type_id);
  std::fill(pads.attention_mask.begin(), pads.attention_mask.end(), uint8_t{0});
  std::vector<Encoding> overflow = std::move(encoding.overflow);
  encoding.overflow.clear();
  if (padding.direction == Side::left) std::swap(encoding, pads);
  encoding.append(pads);
  encoding.overflow = std::move(overflow);
  encoding.pad_token = token;
}

}  // namespace

void pad(std::span<Encoding> encodings, const Padding& padding) {
  size_t length = padding.length.value_or(0);
  if (!padding.length)
    for (const Encoding& encoding : encodings) length = std::max(length, encoding.size());
  const size_t unit = std::max<size_t>(padding.multiple_of, 1);
  if (length % unit != 0) length += unit - length % unit;
  const auto token = std::make_shared<const std::string>(padding.token);
  for (Encoding& encoding : encodings) {
    pad_to(encoding, length, padding, token);
    encoding.write_sequence_ids();
  }
}

Result<Padding> Padding::load(const Json& json) {
  // A file must not ask for a batch of terabytes; no model takes a million tokens.
  constexpr int64_t longest = 1 << 20;
  const auto number = [&](const Json& from, std::string_view key, int64_t fallback) -> Result<int64_t> {
    const int64_t value = NACRE_TRY(from.integer(key, fallback));
    if (value < 0 || value > longest)
      return fail(ErrorCode::invalid_argument, from.path(), ".", key, ": ", value, " is outside [0, ", longest, "]");
    return value;
  };
  Padding out;
  const Json strategy = NACRE_TRY(json.at("strategy"));
  if (strategy.is_object()) {
    NACRE_TRY(strategy.at("Fixed"));
    out.length = static_cast<size_t>(NACRE_TRY(number(strategy, "Fixed", 0)));
  } else if (NACRE_TRY(strategy.text()) != "BatchLongest") {
    return fail(ErrorCode::invalid_argument, strategy.path(), ": expected BatchLongest or {\"Fixed\": n}, found ", strategy.dump());
  }
  out.multiple_of = static_cast<size_t>(NACRE_TRY(number(json, "pad_to_multiple_of", 1)));
  out.id = static_cast<uint32_t>(NACRE_TRY(number(json, "pad_id", 0)));
  out.type_id = static_cast<uint32_t>(NACRE_TRY(number(json, "pad_type_id", 0)));
  out.token = NACRE_TRY(json.text("pad_token", "[PAD]"));
  out.direction = NACRE_TRY(load_side(json));
  return out;
}

}  // namespace nacre

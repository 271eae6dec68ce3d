// JSON with its keys in the order of the text and its numbers as they are written: what is printed again must not change.
//
//     OrderedJson tools = NACRE_TRY(parse_ordered_json(text));
//     for (size_t i = 0; i < tools.keys.size(); ++i)
//       if (tools.elements[i].kind == Json::Kind::text) use(tools.keys[i], tools.elements[i].text);
#pragma once

#include "io/json.h"

namespace nacre {

struct OrderedJson {
  Json::Kind kind = Json::Kind::null;
  bool boolean = false;
  std::string text;                   ///< a string's value, or a number's digits: "12345678901234567890", "1e20"
  std::vector<OrderedJson> elements;  ///< of a list; the values of an object
  std::vector<std::string> keys;      ///< of an object, one for each element; equal ones are all there

  /// The last entry of that key; null when this is no object or has none.
  const OrderedJson* find(std::string_view key) const noexcept;
};

/// Fails as parse_json does.
Result<OrderedJson> parse_ordered_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace nacre

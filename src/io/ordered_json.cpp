#include "io/ordered_json.h"

#include <nlohmann/json.hpp>

namespace nacre {
namespace {

using Kind = Json::Kind;

/// Builds the tree from the parser's events.
class Builder {
 public:
  explicit Builder(OrderedJson& root) : open_{&root} {}

  bool null() { return add(Kind::null, {}); }
  bool boolean(bool value) { return add(Kind::boolean, {}, value); }
  bool number_integer(int64_t value) { return add(Kind::integer, std::to_string(value)); }
  bool number_unsigned(uint64_t value) { return add(Kind::integer, std::to_string(value)); }
  bool number_float(double, const std::string& digits) {
    const bool whole = digits.find_first_of(".eE") == std::string::npos;
    return add(whole ? Kind::integer : Kind::real, digits);
  }
  bool string(std::string& value) { return add(Kind::text, std::move(value)); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(size_t) { return open(Kind::object); }
  bool start_array(size_t) { return open(Kind::list); }
  bool end_object() { return open_.pop_back(), true; }
  bool end_array() { return open_.pop_back(), true; }
  bool key(std::string& name) { return key_ = std::move(name), true; }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception&) { return false; }

 private:
  OrderedJson& place() {
    OrderedJson& around = *open_.back();
    if (around.kind == Kind::object) around.keys.push_back(std::move(key_));
    return around.kind == Kind::object || around.kind == Kind::list ? around.elements.emplace_back() : around;
  }
  bool add(Kind kind, std::string text, bool boolean = false) {
    OrderedJson& out = place();
    out.kind = kind, out.text = std::move(text), out.boolean = boolean;
    return true;
  }
  bool open(Kind kind) {
    OrderedJson& out = place();
    out.kind = kind;
    open_.push_back(&out);
    return true;
  }

  std::vector<OrderedJson*> open_;  // an element is open only while it is its list's last: growing the list moves none of them
  std::string key_;
};

}  // namespace

const OrderedJson* OrderedJson::find(std::string_view key) const noexcept {
  for (size_t i = keys.size(); i-- > 0;)
    if (keys[i] == key) return &elements[i];
  return nullptr;
}

Result<OrderedJson> parse_ordered_json(std::string_view text, const JsonLimits& limits) {
  NACRE_TRY(parse_json(text, limits));  // its limits, and its messages
  OrderedJson out;
  Builder builder(out);
  if (!nlohmann::json::sax_parse(text, &builder)) return fail(ErrorCode::invalid_argument, "JSON: cannot be read");
  return out;
}

}  // namespace nacre

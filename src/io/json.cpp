#include "io/json.h"

#include <charconv>
#include <cmath>
#include <mutex>
#include <nlohmann/json.hpp>

#include "io/json_access.h"
#include "io/json_table.h"

namespace nacre {
namespace {

using Node = nlohmann::json;

const Node kNull;

/// A table's node is of a kind that no text has, with the table's number as its subtype. Whoever asks for more than its
/// columns gets it parsed like the rest.
struct Document {
  Node root;
  JsonCut cut;
  mutable std::deque<Node> expanded;
  mutable std::deque<JsonTable> made;  // columns of what is no table
  mutable std::mutex mutex;

  JsonTable& add_columns() const {
    const std::lock_guard lock(mutex);
    return made.emplace_back();
  }

  const Node& expand(size_t number) const {
    const std::lock_guard lock(mutex);
    expanded.resize(cut.tables.size());
    if (expanded[number].is_null()) expanded[number] = Node::parse(cut.tables[number].source);
    return expanded[number];
  }
};

const Node& raw_node(const Json& json) { return *static_cast<const Node*>(JsonAccess::node(json)); }

/// Null alone has none.
const Document& document_of(const Json& json) { return *static_cast<const Document*>(JsonAccess::document(json).get()); }

const JsonTable* table_of(const Json& json) {
  return raw_node(json).is_binary() ? &document_of(json).cut.tables[raw_node(json).get_binary().subtype()] : nullptr;
}

const Node& node_of(const Json& json) {
  const Node& node = raw_node(json);
  return node.is_binary() ? document_of(json).expand(node.get_binary().subtype()) : node;
}

/// Tables to plain nodes.
void write_out(Node& node, const Document& document) {
  if (node.is_binary()) node = Node(document.expand(node.get_binary().subtype()));
  if (node.is_structured())
    for (Node& child : node) write_out(child, document);
}

/// "line 3, column 7" of a byte.
std::string place_of(std::string_view text, size_t byte) {
  size_t line = 1, start = 0;
  for (size_t i = 0; i < byte && i < text.size(); ++i)
    if (text[i] == '\n') ++line, start = i + 1;
  return cat("line ", line, ", column ", byte - start + 1);
}

/// The parser itself would take any depth; whoever walks the document afterwards would not.
Result<void> check_depth(std::string_view text, int most) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > most) return fail(ErrorCode::resource_exhausted, place_of(text, i), ": nested deeper than ", most);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return {};
}

/// The library's message without its own prefix: "[json.exception.parse_error.101] parse error at line 1, column 2: ...".
std::string reason_of(const Node::exception& error) {
  const std::string_view what = error.what();
  constexpr std::string_view mark = "parse error at ";
  const size_t at = what.find(mark);
  const size_t bracket = what.find("] ");
  if (at != what.npos) return std::string(what.substr(at + mark.size()));
  return std::string(bracket == what.npos ? what : what.substr(bracket + 2));
}

std::string excerpt(const Node& node) {
  constexpr size_t longest = 40;
  if (node.is_array()) return cat("a list of ", node.size());
  if (node.is_object()) return cat("an object of ", node.size());
  std::string text = node.dump(-1, ' ', true, Node::error_handler_t::replace);
  return text.size() > longest ? text.substr(0, longest) + "..." : text;
}

auto wrong(const Json& json, std::string_view expected) {
  const std::string where = json.path().empty() ? std::string() : json.path() + ": ";
  if (const JsonTable* table = table_of(json))
    return fail(ErrorCode::invalid_argument, where, "expected ", expected, ", found ", table->is_object() ? "an object of " : "a list of ",
                table->size());
  return fail(ErrorCode::invalid_argument, where, "expected ", expected, ", found ", excerpt(node_of(json)));
}

std::string child_path(const Json& json, std::string_view key) {
  return json.path().empty() ? std::string(key) : cat(json.path(), ".", key);
}
std::string child_path(const Json& json, size_t index) { return cat(json.path(), "[", index, "]"); }

std::string shortest_digits(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr};
}

const Node* find(const Node& node, std::string_view key) {
  if (!node.is_object()) return nullptr;
  const auto found = node.find(key);
  return found == node.end() ? nullptr : &*found;
}

}  // namespace

namespace {

Result<Json> parse_document(std::string_view text, const JsonLimits& limits, JsonCut cut) {
  NACRE_TRY(check_depth(text, limits.depth));
  try {
    auto document = std::make_shared<Document>();
    document->root = Node::parse(text);
    document->cut = std::move(cut);
    for (const JsonCut::Place& place : document->cut.places) {
      Node* node = &document->root;
      for (const std::string& key : place.keys) node = const_cast<Node*>(node ? find(*node, key) : nullptr);
      // Of equal keys another one may have been the last.
      if (node && *node == stand_in(place.table)) *node = Node::binary({}, place.table);
    }
    const Node* root = &document->root;
    return JsonAccess::make(std::move(document), root, {});
  } catch (const Node::exception& error) { return fail(ErrorCode::invalid_argument, reason_of(error)); }
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    return fail(ErrorCode::resource_exhausted, "JSON of ", text.size(), " bytes, the limit is ", limits.bytes);
  std::optional<JsonCut> cut = limits.views ? cut_tables(text) : std::nullopt;
  if (cut) {
    const std::string rest = std::move(cut->rest);
    if (Result<Json> out = parse_document(rest, limits, std::move(*cut))) return out;
  }
  return parse_document(text, limits, {});
}

Json::Json() : node_(&kNull) {}

Json::Kind Json::kind() const noexcept {
  if (const JsonTable* table = table_of(*this)) return table->is_object() ? Kind::object : Kind::list;
  switch (raw_node(*this).type()) {
    case Node::value_t::boolean: return Kind::boolean;
    case Node::value_t::number_integer:
    case Node::value_t::number_unsigned: return Kind::integer;
    case Node::value_t::number_float: return Kind::real;
    case Node::value_t::string: return Kind::text;
    case Node::value_t::array: return Kind::list;
    case Node::value_t::object: return Kind::object;
    default: return Kind::null;
  }
}

bool Json::has(std::string_view key) const noexcept {
  const Node* node = find(node_of(*this), key);
  return node && !node->is_null();
}

size_t Json::size() const noexcept {
  if (const JsonTable* table = table_of(*this)) return table->size();
  return is_list() || is_object() ? node_of(*this).size() : 0;
}

Result<Json> Json::at(std::string_view key) const {
  if (!is_object()) return wrong(*this, cat("an object with '", key, "'"));
  const Node* node = find(node_of(*this), key);
  if (!node) return fail(ErrorCode::not_found, child_path(*this, key), " is missing");
  return JsonAccess::make(document_, node, child_path(*this, key));
}

Result<Json> Json::at(size_t index) const {
  if (!is_list()) return wrong(*this, "a list");
  if (index >= size()) return fail(ErrorCode::not_found, child_path(*this, index), " is missing: ", size(), " elements");
  return JsonAccess::make(document_, &node_of(*this)[index], child_path(*this, index));
}

Result<std::vector<Json>> Json::elements() const {
  if (!is_list()) return wrong(*this, "a list");
  std::vector<Json> out;
  for (const Node& node : node_of(*this)) out.push_back(JsonAccess::make(document_, &node, child_path(*this, out.size())));
  return out;
}

Result<std::vector<std::pair<std::string_view, Json>>> Json::entries() const {
  if (!is_object()) return wrong(*this, "an object");
  std::vector<std::pair<std::string_view, Json>> out;
  const Node& node = node_of(*this);
  for (auto entry = node.begin(); entry != node.end(); ++entry)
    out.emplace_back(entry.key(), JsonAccess::make(document_, &entry.value(), child_path(*this, entry.key())));
  return out;
}

Result<std::span<const std::pair<std::string_view, int64_t>>> Json::integer_entries() const {
  if (!is_object()) return wrong(*this, "an object");
  if (const JsonTable* table = table_of(*this)) return table->integers;
  std::vector<std::pair<std::string_view, int64_t>> out;
  out.reserve(size());
  const Node& node = node_of(*this);
  for (auto entry = node.begin(); entry != node.end(); ++entry) {
    if (!entry->is_number_integer()) return wrong(JsonAccess::make(document_, &*entry, child_path(*this, entry.key())), "an integer");
    out.emplace_back(entry.key(), entry->get<int64_t>());
  }
  return document_of(*this).add_columns().integers = std::move(out);
}

Result<std::span<const std::pair<std::string_view, double>>> Json::scored_texts() const {
  if (!is_list()) return wrong(*this, "a list");
  if (const JsonTable* table = table_of(*this); table && !table->scores.empty()) return table->scores;
  std::vector<std::pair<std::string_view, double>> out;
  out.reserve(size());
  for (const Node& entry : node_of(*this)) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
      return wrong(JsonAccess::make(document_, &entry, child_path(*this, out.size())), "[text, number]");
    out.emplace_back(entry[0].get_ref<const std::string&>(), serde_number(shortest_digits(entry[1].get<double>())));
  }
  return document_of(*this).add_columns().scores = std::move(out);
}

Result<std::span<const std::string_view>> Json::text_views() const {
  if (!is_list()) return wrong(*this, "a list");
  if (const JsonTable* table = table_of(*this)) {
    if (table->texts.empty()) return wrong(*this, "a list of texts");
    return table->texts;
  }
  std::vector<std::string_view> out;
  for (const Json& element : NACRE_TRY(elements())) out.push_back(NACRE_TRY(element.text()));
  return document_of(*this).add_columns().texts = std::move(out);
}

Result<std::span<const std::pair<std::string_view, std::string_view>>> Json::text_pairs() const {
  if (!is_list()) return wrong(*this, "a list");
  if (const JsonTable* table = table_of(*this); table && !table->pairs.empty()) return table->pairs;
  std::vector<std::pair<std::string_view, std::string_view>> out;
  out.reserve(size());
  for (const Node& entry : node_of(*this)) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_string())
      return wrong(JsonAccess::make(document_, &entry, child_path(*this, out.size())), "[text, text]");
    out.emplace_back(entry[0].get_ref<const std::string&>(), entry[1].get_ref<const std::string&>());
  }
  return document_of(*this).add_columns().pairs = std::move(out);
}

Result<bool> Json::boolean() const {
  if (kind() != Kind::boolean) return wrong(*this, "true or false");
  return node_of(*this).get<bool>();
}

Result<int64_t> Json::integer() const {
  const Node& node = node_of(*this);
  constexpr double bound = 9.2e18;
  if (node.is_number_unsigned() && node.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) return wrong(*this, "a 64-bit integer");
  if (node.is_number_integer()) return node.get<int64_t>();
  if (!node.is_number_float()) return wrong(*this, "an integer");
  const double value = node.get<double>();
  if (value != std::trunc(value) || std::abs(value) > bound) return wrong(*this, "an integer");
  return static_cast<int64_t>(value);
}

Result<double> Json::real() const {
  const Node& node = node_of(*this);
  if (!node.is_number()) return wrong(*this, "a number");
  return node.get<double>();
}

Result<std::string_view> Json::text() const {
  if (!is_text()) return wrong(*this, "text");
  return std::string_view(node_of(*this).get_ref<const std::string&>());
}

Result<std::vector<int64_t>> Json::integers() const {
  std::vector<int64_t> out;
  for (const Json& element : NACRE_TRY(elements())) out.push_back(NACRE_TRY(element.integer()));
  return out;
}

Result<std::vector<std::string>> Json::texts() const {
  std::vector<std::string> out;
  for (const Json& element : NACRE_TRY(elements())) out.emplace_back(NACRE_TRY(element.text()));
  return out;
}

Result<bool> Json::boolean(std::string_view key) const { return NACRE_TRY(at(key)).boolean(); }
Result<int64_t> Json::integer(std::string_view key) const { return NACRE_TRY(at(key)).integer(); }
Result<double> Json::real(std::string_view key) const { return NACRE_TRY(at(key)).real(); }
Result<std::string_view> Json::text(std::string_view key) const { return NACRE_TRY(at(key)).text(); }

Result<bool> Json::boolean(std::string_view key, bool fallback) const { return has(key) ? boolean(key) : fallback; }
Result<int64_t> Json::integer(std::string_view key, int64_t fallback) const { return has(key) ? integer(key) : fallback; }
Result<double> Json::real(std::string_view key, double fallback) const { return has(key) ? real(key) : fallback; }
Result<std::string_view> Json::text(std::string_view key, std::string_view fallback) const { return has(key) ? text(key) : fallback; }

std::string Json::dump() const {
  const auto* document = static_cast<const Document*>(document_.get());
  if (!document || document->cut.tables.empty()) return raw_node(*this).dump(-1, ' ', false, Node::error_handler_t::replace);
  Node copy = raw_node(*this);
  write_out(copy, *document);
  return copy.dump(-1, ' ', false, Node::error_handler_t::replace);
}

std::string json_quoted(std::string_view text) { return Node(text).dump(-1, ' ', false, Node::error_handler_t::replace); }

}  // namespace nacre

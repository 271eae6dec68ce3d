#include "io/json_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "io/utf.h"

namespace nacre {
namespace {

constexpr size_t kLeastEntries = 256;
constexpr int kDeepest = 3;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Bytes of the well-formed UTF-8 sequence at `at`; 0 for an ill-formed one. https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf, table
/// 3-7
int sequence_length(const char* at, const char* end) {
  const auto byte = [&](int i) { return at + i < end ? static_cast<unsigned char>(at[i]) : 0u; };
  const auto continues = [&](int i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(0), second = byte(1);
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool allowed = second >= (lead == 0xE0 ? 0xA0u : 0x80u) && second <= (lead == 0xED ? 0x9Fu : 0xBFu);
    return allowed && continues(2) ? 3 : 0;
  }
  if (lead < 0xF0 || lead > 0xF4) return 0;
  const bool allowed = second >= (lead == 0xF0 ? 0x90u : 0x80u) && second <= (lead == 0xF4 ? 0x8Fu : 0xBFu);
  return allowed && continues(2) && continues(3) ? 4 : 0;
}

/// Reads JSON from left to right. What it does not read as expected it leaves; the answer is false.
class Scanner {
 public:
  Scanner(std::string_view text, std::deque<std::string>& decoded)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), decoded_(decoded) {}

  size_t place() const { return static_cast<size_t>(at_ - begin_); }
  void go_to(size_t place) { at_ = begin_ + place; }
  bool at_end() { return skip_space(), at_ == end_; }
  char peek() { return skip_space(), at_ < end_ ? *at_ : '\0'; }
  bool take(char wanted) {
    if (peek() != wanted) return false;
    return ++at_, true;
  }

  bool text(std::string_view& out) {
    if (!take('"')) return false;
    const char* const start = at_;
    while (at_ < end_) {
      const auto byte = static_cast<unsigned char>(*at_);
      if (byte == '"') return out = {start, at_}, ++at_, true;
      if (byte == '\\') return escaped_text(start, out);
      if (byte < 0x20) return false;
      const int length = byte < 0x80 ? 1 : sequence_length(at_, end_);
      if (length == 0) return false;
      at_ += length;
    }
    return false;
  }

  bool integer(int64_t& out) {
    const char* const last = number_end();
    if (!last || last - at_ > 18) return false;
    const auto [stop, error] = std::from_chars(at_, last, out);
    if (error != std::errc() || stop != last) return false;  // a fraction or an exponent
    return at_ = last, true;
  }

  bool number(double& out) {
    const char* const last = number_end();
    if (!last) return false;
    out = serde_number({at_, last});
    return at_ = last, std::isfinite(out);
  }

  /// Any value, its inside unread but for strings and brackets.
  bool skip_value() {
    int depth = 0;
    do {
      const char c = peek();
      if (c == '"') {
        if (!skip_text()) return false;
      } else if (c == '\0') {
        return false;
      } else {
        depth += (c == '[' || c == '{') - (c == ']' || c == '}');
        if (depth < 0) return false;
        ++at_;
        if (depth == 0 && (c == ']' || c == '}')) return true;
        if (depth == 0) return skip_word(), true;
      }
    } while (depth > 0);
    return true;
  }

 private:
  void skip_space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  void skip_word() {
    while (at_ < end_ && std::string_view(" \n\r\t,]}").find(*at_) == std::string_view::npos) ++at_;
  }
  bool skip_text() {
    for (++at_; at_ < end_; ++at_) {
      if (*at_ == '\\')
        ++at_;
      else if (*at_ == '"')
        return ++at_, true;
    }
    return false;
  }

  /// Behind the number that starts here, by JSON's grammar; null when there is none.
  const char* number_end() {
    skip_space();
    const char* at = at_;
    const auto digits = [&] {
      const char* const first = at;
      while (at < end_ && is_digit(*at)) ++at;
      return at > first;
    };
    if (at < end_ && *at == '-') ++at;
    const bool zero = at < end_ && *at == '0';
    if (zero)
      ++at;
    else if (!digits())
      return nullptr;
    if (at < end_ && *at == '.' && !(++at, digits())) return nullptr;
    if (at < end_ && (*at == 'e' || *at == 'E')) {
      if (++at < end_ && (*at == '+' || *at == '-')) ++at;
      if (!digits()) return nullptr;
    }
    return at < end_ && is_digit(*at) ? nullptr : at;
  }

  /// The rest of a text that has an escape at the cursor.
  bool escaped_text(const char* start, std::string_view& out) {
    std::string text(start, at_);
    while (at_ < end_ && *at_ != '"') {
      const auto byte = static_cast<unsigned char>(*at_);
      if (byte < 0x20) return false;
      if (byte == '\\') {
        if (!escape(text)) return false;
        continue;
      }
      const int length = byte < 0x80 ? 1 : sequence_length(at_, end_);
      if (length == 0) return false;
      text.append(at_, static_cast<size_t>(length));
      at_ += length;
    }
    if (at_ == end_) return false;
    ++at_;
    out = decoded_.emplace_back(std::move(text));
    return true;
  }

  bool escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
    if (++at_ == end_) return false;
    const char letter = *at_++;
    if (const size_t known = letters.find(letter); known != letters.npos) return out += values[known], true;
    uint32_t code = 0;
    if (letter != 'u' || !four_digits(code)) return false;
    if (code >= 0xD800 && code < 0xDC00) {
      uint32_t low = 0;
      if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return false;
      at_ += 2;
      if (!four_digits(low) || low < 0xDC00 || low > 0xDFFF) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    return append_utf8(out, code);
  }

  bool four_digits(uint32_t& out) {
    if (end_ - at_ < 4) return false;
    const auto [stop, error] = std::from_chars(at_, at_ + 4, out, 16);
    if (error != std::errc() || stop != at_ + 4 || *at_ == '-') return false;
    return at_ += 4, true;
  }

  const char *begin_, *at_, *end_;
  std::deque<std::string>& decoded_;
};

class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_(text), in_(text, out_.decoded) {}

  std::optional<JsonCut> run() {
    if (!object(0) || !in_.at_end() || out_.tables.empty()) return std::nullopt;
    out_.rest += text_.substr(copied_);
    return std::move(out_);
  }

 private:
  bool object(int depth) {
    if (!in_.take('{')) return false;
    if (in_.take('}')) return true;
    do {
      std::string_view key;
      if (!in_.text(key) || !in_.take(':')) return false;
      keys_.emplace_back(key);
      if (!value(depth)) return false;
      keys_.pop_back();
    } while (in_.take(','));
    return in_.take('}');
  }

  bool value(int depth) {
    const char first = in_.peek();
    const size_t begin = in_.place();
    if (first != '{' && first != '[') return in_.skip_value();
    const size_t kept = out_.decoded.size();
    if (table(first)) return true;
    out_.decoded.resize(kept);
    in_.go_to(begin);
    return first == '{' && depth + 1 < kDeepest ? object(depth + 1) : in_.skip_value();
  }

  /// Reads the value as a table, and cuts it out when it is one.
  bool table(char first) {
    const size_t begin = in_.place();
    JsonTable table;
    begin_ = begin;
    in_.take(first);
    const bool uniform = first == '{' ? rows('}', [&] { return counted(table); }) : list(table);
    if (!uniform || table.size() < kLeastEntries) return false;
    table.source = text_.substr(begin, in_.place() - begin);
    out_.rest.append(text_.substr(copied_, begin - copied_)).append("\"").append(stand_in(out_.tables.size())).append("\"");
    copied_ = in_.place();
    out_.places.push_back({keys_, out_.tables.size()});
    out_.tables.push_back(std::move(table));
    return true;
  }

  template <class Row>
  bool rows(char end, const Row& row) {
    do
      if (!row()) return false;
    while (in_.take(','));
    return in_.take(end);
  }

  bool list(JsonTable& table) {
    const auto text = [&] { return make_room(table.texts, begin_), in_.text(table.texts.emplace_back()); };
    if (in_.peek() == '"') return rows(']', text);
    const size_t begin = in_.place();
    if (rows(']', [&] { return paired(table); })) return true;
    table.pairs.clear();
    in_.go_to(begin);
    return rows(']', [&] { return scored(table); });
  }

  /// Room for all rows at once, when the rest of the text has them as close together as those so far.
  template <class Rows>
  void make_room(Rows& rows, size_t begin) {
    if (rows.size() < rows.capacity() || rows.size() < kLeastEntries) return;
    const double rest = static_cast<double>(text_.size() - begin) / static_cast<double>(in_.place() - begin);
    rows.reserve(static_cast<size_t>(static_cast<double>(rows.size()) * std::min(rest, 4096.0)) + 1);
  }

  bool counted(JsonTable& table) {
    make_room(table.integers, begin_);
    auto& [text, number] = table.integers.emplace_back();
    return in_.text(text) && in_.take(':') && in_.integer(number);
  }
  bool paired(JsonTable& table) {
    make_room(table.pairs, begin_);
    auto& [left, right] = table.pairs.emplace_back();
    return in_.take('[') && in_.text(left) && in_.take(',') && in_.text(right) && in_.take(']');
  }
  bool scored(JsonTable& table) {
    make_room(table.scores, begin_);
    auto& [text, score] = table.scores.emplace_back();
    return in_.take('[') && in_.text(text) && in_.take(',') && in_.number(score) && in_.take(']');
  }

  std::string_view text_;
  JsonCut out_;
  Scanner in_;
  std::vector<std::string> keys_;
  size_t copied_ = 0, begin_ = 0;  // begin_: of the table that is read
};

/// Correctly rounded; small ones are exact.
double power_of_ten(int exponent) {
  constexpr double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (exponent < static_cast<int>(std::size(exact))) return exact[exponent];
  const std::string text = "1e" + std::to_string(exponent);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

// https://github.com/serde-rs/json/blob/v1.0.145/src/de.rs, parse_integer to f64_from_parts without the feature float_roundtrip
double serde_number(std::string_view number) {
  constexpr int largest = 308, most_exponent = 100'000;
  const bool negative = number.starts_with('-');
  const char *at = number.data() + negative, *const end = number.data() + number.size();
  uint64_t digits = 0;
  int exponent = 0;
  bool full = false, fraction = false;
  for (; at < end && (is_digit(*at) || *at == '.'); ++at) {
    if (*at == '.') {
      fraction = true, full = false;
      continue;
    }
    const auto digit = static_cast<uint64_t>(*at - '0');
    full = full || digits > (UINT64_MAX - digit) / 10;
    if (!full) digits = digits * 10 + digit;
    exponent += full ? !fraction : -fraction;
  }
  if (at < end) {
    int written = 0;
    const auto status = std::from_chars(at + 1 + (at[1] == '+'), end, written).ec;
    if (status != std::errc()) written = at[1] == '-' ? -most_exponent : most_exponent;
    exponent = std::clamp(exponent, -most_exponent, most_exponent) + written;
  }
  double out = static_cast<double>(digits);
  for (; exponent < -largest && out != 0; exponent += largest) out /= power_of_ten(largest);
  if (out != 0) out = exponent < 0 ? out / power_of_ten(-exponent) : exponent > largest ? HUGE_VAL : out * power_of_ten(exponent);
  return negative ? -out : out;
}

std::string stand_in(size_t table) { return "a table, number " + std::to_string(table); }

std::optional<JsonCut> cut_tables(std::string_view text) { return Cutter(text).run(); }

}  // namespace nacre

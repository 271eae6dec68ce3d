#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>

#include "text/category.h"

namespace nacre {
namespace {

struct CodeRange {
  uint32_t first, last;
};

bool contains(const CodeRange* begin, const CodeRange* end, uint32_t code) noexcept {
  const CodeRange* found = std::upper_bound(begin, end, code, [](uint32_t c, const CodeRange& range) { return c < range.first; });
  return found != begin && code <= found[-1].last;
}

// The reference (crate unicode_categories) classifies by Unicode 8, so what came later is neither mark, control nor
// punctuation there. Found by comparing every code point with tokenizers 0.23; letters and symbols in between do not matter.
constexpr CodeRange kAfterUnicode8[] = {
    {0x61D, 0x61D},     {0x7FD, 0x7FD},     {0x890, 0x8E2},     {0x9FD, 0x9FE},     {0xA76, 0xA76},     {0xAFA, 0xAFF},
    {0xB55, 0xB55},     {0xC04, 0xC3C},     {0xC77, 0xC77},     {0xC84, 0xC84},     {0xD00, 0xD00},     {0xD3B, 0xD3C},
    {0xD81, 0xD81},     {0xEBA, 0xEBA},     {0xECE, 0xECE},     {0x180F, 0x180F},   {0x1885, 0x1886},   {0x1ABF, 0x1ACE},
    {0x1B7D, 0x1B7E},   {0x1DF6, 0x1DFB},   {0x2E43, 0x2E5D},   {0xA82C, 0xA82C},   {0xA8C5, 0xA8C5},   {0xA8FF, 0xA8FF},
    {0xA9BD, 0xA9BD},   {0x10D24, 0x10F89}, {0x11070, 0x11074}, {0x110C2, 0x110CD}, {0x111CF, 0x111CF}, {0x1123E, 0x11241},
    {0x1133B, 0x1133B}, {0x11438, 0x1145E}, {0x11660, 0x1166C}, {0x116B9, 0x116B9}, {0x1182F, 0x11FFF}, {0x12FF1, 0x13455},
    {0x16E97, 0x16F4F}, {0x16FE2, 0x16FE4}, {0x1CF00, 0x1CF46}, {0x1E000, 0x1E4EF}, {0x1E944, 0x1E95F}};

// Its normal forms (crate unicode-normalization-alignments) are of Unicode 9: what came later neither decomposes nor
// combines and is no mark. Found by comparing every code point, alone and among marks, with tokenizers 0.23.
constexpr CodeRange kAfterUnicode9[] = {{0x7FD, 0x7FD},     {0x898, 0x8D3},     {0x9FE, 0x9FE},     {0xAFA, 0xAFF},     {0xB55, 0xB55},
                                        {0xC04, 0xC3C},     {0xCF3, 0xD00},     {0xD3B, 0xD3C},     {0xD81, 0xD81},     {0xEBA, 0xEBA},
                                        {0xECE, 0xECE},     {0x1715, 0x1715},   {0x180F, 0x180F},   {0x1ABF, 0x1ACE},   {0x1CF7, 0x1CF7},
                                        {0x1DF6, 0x1DFA},   {0x32FF, 0x32FF},   {0xA7F2, 0xA7F4},   {0xA82C, 0xA82C},   {0xA8FF, 0xA8FF},
                                        {0xAB69, 0xAB69},   {0x10781, 0x107BA}, {0x10D24, 0x10F85}, {0x11070, 0x11074}, {0x110C2, 0x110C2},
                                        {0x11145, 0x11146}, {0x111C9, 0x111C9}, {0x111CE, 0x111CF}, {0x11241, 0x11241}, {0x1133B, 0x1133B},
                                        {0x1145E, 0x1145E}, {0x1182C, 0x11A99}, {0x11D31, 0x13455}, {0x16F4F, 0x16F4F}, {0x16F7F, 0x16F87},
                                        {0x16FE4, 0x16FF1}, {0x1CF00, 0x1CF46}, {0x1E030, 0x1E4EF}, {0x1F16C, 0x1F16C}, {0x1FBF0, 0x1FBF9}};
bool is_after_unicode9(char32_t code) noexcept {
  return code >= kAfterUnicode9[0].first && contains(std::begin(kAfterUnicode9), std::end(kAfterUnicode9), code);
}

// Google's table in BERT, whose fifth range starts at 2B920 where Unicode's block starts at 2B820.
constexpr CodeRange kIdeographs[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},  {0x20000, 0x2A6DF},
                                     {0x2A700, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};

// Letters of Unicode 16 and 17, which the reference lower-cases and utf8proc of Debian 12 (Unicode 15) does not know.
struct LowerRange {
  uint32_t first, last, lower;
};
constexpr LowerRange kNewLetters[] = {
    {0x1C89, 0x1C89, 0x1C8A}, {0xA7CB, 0xA7CB, 0x264},  {0xA7CC, 0xA7CC, 0xA7CD}, {0xA7CE, 0xA7CE, 0xA7CF},    {0xA7D2, 0xA7D2, 0xA7D3},
    {0xA7D4, 0xA7D4, 0xA7D5}, {0xA7DA, 0xA7DA, 0xA7DB}, {0xA7DC, 0xA7DC, 0x19B},  {0x10D50, 0x10D65, 0x10D70}, {0x16EA0, 0x16EB8, 0x16EBB}};

utf8proc_category_t category_of(char32_t code) noexcept {
  if (code == 0x1734) return UTF8PROC_CATEGORY_MN;                     // a spacing mark since Unicode 14
  if (code == 0x111C9 || code == 0x166D) return UTF8PROC_CATEGORY_PO;  // a mark and a symbol since 11 and 12
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  return contains(std::begin(kAfterUnicode8), std::end(kAfterUnicode8), code) ? UTF8PROC_CATEGORY_CN : category;
}

bool is_whitespace(char32_t code, utf8proc_category_t category) noexcept {
  return (category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP) || (code >= 9 && code <= 13) || code == 0x85;
}

bool is_punctuation(char32_t code, utf8proc_category_t category) noexcept {
  const bool ascii_symbol = code < 0x80 && category >= UTF8PROC_CATEGORY_SM && category <= UTF8PROC_CATEGORY_SO;
  return ascii_symbol || (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO);
}

int decompose_with(char32_t code, char32_t* out, utf8proc_option_t how) noexcept {
  utf8proc_int32_t codes[kMostCodes];
  int boundary = 0;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | how);
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), codes, kMostCodes, options, &boundary);
  if (count < 1 || count > kMostCodes || is_after_unicode9(code)) return out[0] = code, 1;
  std::copy_n(codes, count, out);
  return static_cast<int>(count);
}

/// Whether the canonical decomposition of a code point composes to it again: not so for the composition exclusions.
bool recomposes(char32_t code) noexcept {
  char32_t codes[kMostCodes];
  const int count = decompose(code, codes);
  char32_t composed = codes[0];
  for (int i = 1; i < count; ++i) composed = compose(composed, codes[i]);
  return composed == code;
}

bool changes(char32_t code) noexcept {
  char32_t codes[kMostCodes];
  const auto differs = [&](int count) { return count != 1 || codes[0] != code; };
  return differs(lower_case(code, codes)) || differs(decompose(code, codes));
}

/// Alphabetic, marks, decimal digits, connectors, joiners (UTS #18, annex C), in Unicode 16.
bool is_word(char32_t code) noexcept {
  constexpr CodeRange other_alphabetic[] = {{0x200C, 0x200D}, {0x24B6, 0x24E9}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}};
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  return in_category(code, Category::letter | Category::mark) || category == UTF8PROC_CATEGORY_PC ||
         (in_category(code, Category::number) && category != UTF8PROC_CATEGORY_NO) ||
         contains(std::begin(other_alphabetic), std::end(other_alphabetic), code);
}

uint8_t classify(char32_t code) noexcept {
  const auto category = category_of(code);
  const auto bit = [](bool on, uint8_t value) { return on ? value : uint8_t{0}; };
  const bool mark = category == UTF8PROC_CATEGORY_MN;
  const bool ideograph = contains(std::begin(kIdeographs), std::end(kIdeographs), code);
  return bit(is_whitespace(code, category), CharClass::whitespace) | bit(category >= UTF8PROC_CATEGORY_CC, CharClass::other) |
         bit(mark, CharClass::mark) | bit(is_punctuation(code, category), CharClass::punctuation) | bit(ideograph, CharClass::ideograph) |
         bit(changes(code), CharClass::changes) | bit(!mark && combining_class(code) != 0, CharClass::reorders) |
         bit(is_word(code), CharClass::word);
}

// Classes are worked out for 256 code points when the first of them is met; blocks stay for the life of the process.
constexpr size_t kBlocks = 0x1100;
struct Block {
  uint8_t classes[256];
};
std::atomic<const Block*> blocks[kBlocks];

const Block& make_block(size_t number) noexcept {
  auto fresh = std::make_unique<Block>();
  for (char32_t low = 0; low < 256; ++low) fresh->classes[low] = classify(static_cast<char32_t>(number << 8) + low);
  const Block* present = nullptr;
  if (blocks[number].compare_exchange_strong(present, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  return *present;
}

/// Bytes of the well-formed sequence at `at`; for an ill-formed one minus the length of its maximal subpart.
int sequence_length(const unsigned char* at, const unsigned char* end) noexcept {
  const unsigned lead = *at;
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return -1;
  const int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (int i = 1; i < length; ++i) {
    if (at + i >= end || at[i] < (i == 1 ? low : 0x80) || at[i] > (i == 1 ? high : 0xBF)) return -i;
  }
  return length;
}

/// Where the ASCII that starts at `at` ends, give or take seven bytes.
const unsigned char* skip_ascii(const unsigned char* at, const unsigned char* end) noexcept {
  for (uint64_t word; end - at >= 8; at += 8) {
    std::memcpy(&word, at, 8);
    if (word & 0x8080808080808080u) break;
  }
  return at;
}

}  // namespace

uint8_t char_class(char32_t code) noexcept {
  const size_t number = code >> 8;
  if (number >= kBlocks) return 0;
  const Block* block = blocks[number].load(std::memory_order_acquire);
  return (block ? *block : make_block(number)).classes[code & 0xFF];
}

int lower_case(char32_t code, char32_t* out) noexcept {
  out[0] = static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code)));
  if (code == 0x130) return out[0] = 'i', out[1] = 0x307, 2;  // the one letter whose lower case is two
  for (const LowerRange& range : kNewLetters)
    if (code >= range.first && code <= range.last) out[0] = range.lower + (code - range.first);
  return 1;
}

int decompose(char32_t code, char32_t* out) noexcept { return decompose_with(code, out, UTF8PROC_DECOMPOSE); }

int decompose_compatible(char32_t code, char32_t* out) noexcept {
  return decompose_with(code, out, static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT));
}

char32_t compose(char32_t first, char32_t second) noexcept {
  utf8proc_int32_t pair[] = {static_cast<utf8proc_int32_t>(first), static_cast<utf8proc_int32_t>(second)};
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const bool composed = utf8proc_normalize_utf32(pair, 2, options) == 1 && !is_after_unicode9(static_cast<char32_t>(pair[0]));
  return composed ? static_cast<char32_t>(pair[0]) : 0;
}

bool stays_alone(char32_t code, bool composing, bool compatible) noexcept {
  const bool hangul = code >= 0xAC00 && code <= 0xD7A3, jamo = code >= 0x1100 && code <= 0x11FF;
  if (hangul || jamo) return composing ? hangul : jamo;
  const utf8proc_property_t& property = *utf8proc_get_property(static_cast<utf8proc_int32_t>(code));
  constexpr uint16_t none = UINT16_MAX, second = 0x8000;  // of utf8proc's tables of pairs
  if (property.combining_class != 0) return false;
  if (composing && property.comb_index != none && property.comb_index >= second) return false;
  if (property.decomp_seqindex == none || (!compatible && property.decomp_type != 0)) return true;
  return composing && !compatible && recomposes(code);
}

bool is_combining_mark(char32_t code) noexcept {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
  if (code == 0x1CF2 || code == 0x1CF3) return true;  // letters since Unicode 12
  return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME && !is_after_unicode9(code);
}

int combining_class(char32_t code) noexcept {
  const int out = utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class;
  return out != 0 && is_after_unicode9(code) ? 0 : out;
}

std::optional<size_t> find_invalid_utf8(std::string_view text) noexcept {
  const auto* begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = begin + text.size();
  for (const auto* at = begin; (at = skip_ascii(at, end)) < end;) {
    const int length = sequence_length(at, end);
    if (length < 0) return at - begin;
    at += length;
  }
  return std::nullopt;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t good = find_invalid_utf8(text).value_or(text.size());
    out += text.substr(0, good);
    text.remove_prefix(good);
    if (text.empty()) break;
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    text.remove_prefix(-sequence_length(at, at + text.size()));
    out += "\xEF\xBF\xBD";
  }
  return out;
}

char32_t code_before(std::string_view text, size_t end) noexcept {
  const char* at = text.data() + end - 1;
  while (!starts_code(*at)) --at;
  return next_code(at);
}

uint32_t skip_space_back(std::string_view text, uint32_t begin, uint32_t least) noexcept {
  while (begin > least && has_class(code_before(text, begin), CharClass::whitespace)) {
    do --begin;
    while (!starts_code(text[begin]));
  }
  return begin;
}

uint32_t skip_space(std::string_view text, uint32_t end) noexcept {
  const char* const stop = text.data() + text.size();
  for (const char* at = text.data() + end; at < stop; end = static_cast<uint32_t>(at - text.data()))
    if (!has_class(next_code(at), CharClass::whitespace)) break;
  return end;
}

size_t first_grapheme(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  const char* at = text.data();
  utf8proc_int32_t state = 0;
  for (auto last = static_cast<utf8proc_int32_t>(next_code(at)); at < end;) {
    const char* const from = at;
    const auto code = static_cast<utf8proc_int32_t>(next_code(at));
    if (utf8proc_grapheme_break_stateful(last, code, &state)) return static_cast<size_t>(from - text.data());
    last = code;
  }
  return text.size();
}

bool is_ascii(std::string_view text) noexcept {
  const auto* end = reinterpret_cast<const unsigned char*>(text.data()) + text.size();
  const auto* at = skip_ascii(end - text.size(), end);
  return std::all_of(at, end, [](unsigned char byte) { return byte < 0x80; });
}

size_t count_codes(std::string_view text) noexcept { return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts_code)); }

int encode_utf8(char32_t code, char* out) noexcept {
  if (code < 0x80) return *out = static_cast<char>(code), 1;
  return static_cast<int>(utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), reinterpret_cast<utf8proc_uint8_t*>(out)));
}

}  // namespace nacre

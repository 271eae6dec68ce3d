#include "text/category.h"

#include <utf8proc.h>

#include <iterator>
#include <memory>

namespace nacre {
namespace {

constexpr uint8_t kUpper = Category::upper, kLower = Category::lower, kOther = Category::other_letter, kMark = Category::mark,
                  kNumber = Category::number, kPunctuation = Category::punctuation, kSymbol = Category::symbol;

struct Range {
  uint32_t first, last;
  uint8_t bits;
};

// What Unicode 15.1 and 16 added (UnicodeData.txt); utf8proc of Debian 12 knows 15. Found by asking tokenizers 0.23 for every
// code point: it differs in nothing else.
constexpr Range kNew[] = {
    {0x897, 0x897, kMark},       {0x1B4E, 0x1B4F, kPunctuation},   {0x1B7F, 0x1B7F, kPunctuation},   {0x1C89, 0x1C89, kUpper},
    {0x1C8A, 0x1C8A, kLower},    {0x2427, 0x2429, kSymbol},        {0x2FFC, 0x2FFF, kSymbol},        {0x31E4, 0x31E5, kSymbol},
    {0x31EF, 0x31EF, kSymbol},   {0xA7CB, 0xA7CC, kUpper},         {0xA7CD, 0xA7CD, kLower},         {0xA7DA, 0xA7DA, kUpper},
    {0xA7DB, 0xA7DB, kLower},    {0xA7DC, 0xA7DC, kUpper},         {0x105C0, 0x105F3, kOther},       {0x10D40, 0x10D49, kNumber},
    {0x10D4A, 0x10D4F, kOther},  {0x10D50, 0x10D65, kUpper},       {0x10D69, 0x10D6D, kMark},        {0x10D6E, 0x10D6E, kPunctuation},
    {0x10D6F, 0x10D6F, kOther},  {0x10D70, 0x10D85, kLower},       {0x10D8E, 0x10D8F, kSymbol},      {0x10EC2, 0x10EC4, kOther},
    {0x10EFC, 0x10EFC, kMark},   {0x11380, 0x11389, kOther},       {0x1138B, 0x1138B, kOther},       {0x1138E, 0x1138E, kOther},
    {0x11390, 0x113B5, kOther},  {0x113B7, 0x113B7, kOther},       {0x113B8, 0x113C0, kMark},        {0x113C2, 0x113C2, kMark},
    {0x113C5, 0x113C5, kMark},   {0x113C7, 0x113CA, kMark},        {0x113CC, 0x113D0, kMark},        {0x113D1, 0x113D1, kOther},
    {0x113D2, 0x113D2, kMark},   {0x113D3, 0x113D3, kOther},       {0x113D4, 0x113D5, kPunctuation}, {0x113D7, 0x113D8, kPunctuation},
    {0x113E1, 0x113E2, kMark},   {0x116D0, 0x116E3, kNumber},      {0x11BC0, 0x11BE0, kOther},       {0x11BE1, 0x11BE1, kPunctuation},
    {0x11BF0, 0x11BF9, kNumber}, {0x11F5A, 0x11F5A, kMark},        {0x13460, 0x143FA, kOther},       {0x16100, 0x1611D, kOther},
    {0x1611E, 0x1612F, kMark},   {0x16130, 0x16139, kNumber},      {0x16D40, 0x16D6C, kOther},       {0x16D6D, 0x16D6F, kPunctuation},
    {0x16D70, 0x16D79, kNumber}, {0x18CFF, 0x18CFF, kOther},       {0x1CC00, 0x1CCEF, kSymbol},      {0x1CCF0, 0x1CCF9, kNumber},
    {0x1CD00, 0x1CEB3, kSymbol}, {0x1E5D0, 0x1E5ED, kOther},       {0x1E5EE, 0x1E5EF, kMark},        {0x1E5F0, 0x1E5F0, kOther},
    {0x1E5F1, 0x1E5FA, kNumber}, {0x1E5FF, 0x1E5FF, kPunctuation}, {0x1F8B2, 0x1F8BB, kSymbol},      {0x1F8C0, 0x1F8C1, kSymbol},
    {0x1FA89, 0x1FA89, kSymbol}, {0x1FA8F, 0x1FA8F, kSymbol},      {0x1FABE, 0x1FABE, kSymbol},      {0x1FAC6, 0x1FAC6, kSymbol},
    {0x1FADC, 0x1FADC, kSymbol}, {0x1FADF, 0x1FADF, kSymbol},      {0x1FAE9, 0x1FAE9, kSymbol},      {0x1FBCB, 0x1FBEF, kSymbol},
    {0x2EBF0, 0x2EE5D, kOther}};

uint8_t bits_of(utf8proc_category_t category) noexcept {
  switch (category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT: return kUpper;
    case UTF8PROC_CATEGORY_LL: return kLower;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return kOther;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return Category::space;
    default: break;
  }
  if (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME) return kMark;
  if (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) return kNumber;
  if (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO) return kPunctuation;
  return category >= UTF8PROC_CATEGORY_SM && category <= UTF8PROC_CATEGORY_SO ? kSymbol : 0;
}

uint8_t classify(char32_t code) noexcept {
  if ((code >= 9 && code <= 13) || code == 0x85) return Category::space;
  for (const Range& range : kNew)
    if (code >= range.first && code <= range.last) return range.bits;
  return bits_of(utf8proc_category(static_cast<utf8proc_int32_t>(code)));
}

}  // namespace

std::atomic<const CategoryBlock*> category_blocks[kCategoryBlocks];

const CategoryBlock& make_category_block(uint32_t number) noexcept {
  auto fresh = std::make_unique<CategoryBlock>();
  for (char32_t low = 0; low < 256; ++low) fresh->bits[low] = classify((number << 8) + low);
  const CategoryBlock* present = nullptr;
  if (category_blocks[number].compare_exchange_strong(present, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  return *present;
}

}  // namespace nacre

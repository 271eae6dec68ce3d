// The walk that most normalizers are: one code point after the other, each kept, replaced or left out.
//
//     rewrite_each(text, [](Rewrite& out, char32_t code, ByteRange range) {
//       if (code == U'\t') out.put(U' ', range);
//       else out.keep(range.begin, range.end);
//     });
#pragma once

#include "text/normalized.h"
#include "text/unicode.h"

namespace nacre {

template <class F>
void rewrite_each(Normalized& text, F f) {
  Rewrite rewrite(text);
  const std::string_view present = text.text();
  const char* const start = present.data();
  for (const char* at = start; at < start + present.size();) {
    const auto begin = static_cast<uint32_t>(at - start);
    const char32_t code = next_code(at);
    f(rewrite, code, ByteRange{begin, static_cast<uint32_t>(at - start)});
  }
  rewrite.finish();
}

}  // namespace nacre

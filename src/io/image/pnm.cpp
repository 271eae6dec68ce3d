// PNM: bitmaps (P1, P4), grey (P2, P5) and colour (P3, P6), as text or bytes, up to 16 bits a sample.
// https://netpbm.sourceforge.net/doc/pnm.html
#include "io/image/codec.h"

namespace nacre {
namespace {

struct Reader {
  ImageBytes bytes;
  size_t at = 2;

  bool is_space() const { return std::strchr(" \t\r\n\v\f", raw(bytes)[at]) != nullptr && raw(bytes)[at] != 0; }
  void skip() {
    while (at < bytes.size() && (is_space() || raw(bytes)[at] == '#')) {
      if (raw(bytes)[at] == '#')
        while (at < bytes.size() && raw(bytes)[at] != '\n') ++at;
      else
        ++at;
    }
  }
  // A number in decimal; -1 when there is none or it is absurd. `digits`: read at most so many.
  int64_t number(int digits = 7) {
    skip();
    int64_t out = 0;
    int read = 0;
    for (; at < bytes.size() && read < digits && raw(bytes)[at] >= '0' && raw(bytes)[at] <= '9'; ++at, ++read)
      out = out * 10 + raw(bytes)[at] - '0';
    return read > 0 ? out : -1;
  }
};

struct Head {
  ImageSize size;
  int kind;
  int64_t most;  // the largest sample
  Reader reader;
  int64_t samples() const { return size.width * size.height * (kind == 3 || kind == 6 ? 3 : 1); }
};

Result<Head> read_head(ImageBytes bytes) {
  Head h{{}, raw(bytes)[1] - '0', 1, {bytes}};
  h.size.width = h.reader.number(), h.size.height = h.reader.number();
  if (h.kind != 1 && h.kind != 4) h.most = h.reader.number();
  if (h.size.width < 1 || h.size.height < 1 || h.most < 1 || h.most > 65535) return damaged("PNM", "the head is damaged");
  if (h.kind > 3) ++h.reader.at;  // one white space before the bytes
  return h;
}

Result<ImageSize> size(ImageBytes bytes) { return NACRE_TRY(read_head(bytes)).size; }

// Sample `i` of a file of bytes, whose end was checked.
int64_t stored(const Head& h, int64_t i) {
  const uint8_t* from = raw(h.reader.bytes) + h.reader.at;
  if (h.kind == 4) {
    const int64_t row = i / h.size.width, column = i % h.size.width;
    return !(from[row * ((h.size.width + 7) / 8) + column / 8] >> (7 - column % 8) & 1);
  }
  return h.most < 256 ? from[i] : from[2 * i] << 8 | from[2 * i + 1];
}

Result<void> decode(ImageBytes bytes, ImageSize size, uint8_t* rgb) {
  Head h = NACRE_TRY(read_head(bytes));
  const int64_t needed = h.kind == 4 ? size.height * ((size.width + 7) / 8) : h.samples() * (h.most < 256 ? 1 : 2);
  if (h.kind > 3 && static_cast<int64_t>(bytes.size() - std::min(bytes.size(), h.reader.at)) < needed)
    return damaged("PNM", "the pixels end early");
  const bool grey = h.kind != 3 && h.kind != 6;
  for (int64_t i = 0; i < h.samples(); ++i) {
    int64_t sample = h.kind > 3 ? stored(h, i) : h.reader.number(h.kind == 1 ? 1 : 7);
    if (sample < 0 || sample > h.most) return damaged("PNM", "a sample is missing or too large");
    if (h.kind == 1) sample = 1 - sample;  // a 1 is black
    const auto value = static_cast<uint8_t>((sample * 255 + h.most / 2) / h.most);
    for (int copy = 0; copy < (grey ? 3 : 1); ++copy) *rgb++ = value;
  }
  return {};
}

bool matches(ImageBytes bytes) {
  return bytes.size() > 7 && raw(bytes)[0] == 'P' && raw(bytes)[1] >= '1' && raw(bytes)[1] <= '6' && Reader{bytes}.is_space();
}

}  // namespace

extern const ImageCodec image_codec_pnm;
const ImageCodec image_codec_pnm{.name = "PNM", .matches = matches, .size = size, .decode = decode};

}  // namespace nacre

#include "io/wire.h"

#include <gtest/gtest.h>

#include "tests/io/goldens.h"

namespace nacre {
namespace {

std::string_view bytes(const char* text, size_t size) { return {text, size}; }

struct Everything {
  int64_t number = 0;
  float real = 0;
  std::string_view text;
  std::vector<int64_t> numbers;
  std::vector<float> reals;
  int nested = 0;
};

Result<Everything> read(std::string_view data) {
  wire::Reader in(bytes_of(data), "Everything");
  Everything out;
  auto body = [&](auto&& self) -> void {
    while (in.next()) switch (in.field()) {
        case 1: in.read(out.number); break;
        case 2: in.read(out.real); break;
        case 3: in.read(out.text); break;
        case 4: in.add(out.numbers); break;
        case 5: in.add(out.reals); break;
        case 6: ++out.nested, in.nested("Inner", [&] { self(self); }); break;
        default: in.skip();
      }
  };
  body(body);
  if (!in.ok()) return std::unexpected(in.error());
  return out;
}

TEST(Wire, ReadsTheBytesOfTheEncodingGuide) {
  EXPECT_EQ(read("\x08\x96\x01")->number, 150);  // protobuf.dev/programming-guides/encoding
  EXPECT_EQ(read("\x1a\x07testing")->text, "testing");
  EXPECT_EQ(read("\x22\x06\x03\x8e\x02\x9e\xa7\x05")->numbers, (std::vector<int64_t>{3, 270, 86942}));
}

TEST(Wire, NegativeNumbersTakeTenBytes) { EXPECT_EQ(read("\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01")->number, -2); }

TEST(Wire, PackedAndUnpackedMayBeMixed) {
  EXPECT_EQ(read("\x20\x01\x22\x02\x02\x03\x20\x04")->numbers, (std::vector<int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(read(bytes("\x2d\0\0\x80\x3f\x2a\x04\0\0\0\x40", 11))->reals, (std::vector<float>{1, 2}));
}

TEST(Wire, UnknownFieldsAreSkipped) {
  EXPECT_EQ(read(bytes("\x78\x05\x79"
                       "12345678"
                       "\x7a\x02zz\x7d"
                       "1234"
                       "\x08\x07",
                       22))
                ->number,
            7);
}

TEST(Wire, ALengthBeyondTheEndIsRefusedWithItsPlace) {
  expect_failure(read("\x08\x01\x1a\x7fshort"), "Everything field 3 at byte 4: needs 127 bytes, 5 are left");
  expect_failure(read("\x32\x02\x1a\x05"
                      "abcdefgh"),
                 "Inner field 3");  // beyond the inner message, not the outer
  expect_failure(read("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "are left");
}

TEST(Wire, DamagedTagsAndNumbersAreRefused) {
  expect_failure(read("\x0b"), "groups");
  expect_failure(read("\x0f"), "wire type 7");
  expect_failure(read("\x02"), "field number 0");
  expect_failure(read("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), "more than 10 bytes");
  expect_failure(read("\x08\x80"), "end inside a number");
  expect_failure(read("\x22\x02\x01\x80"), "end inside a number");  // inside packed ones
  expect_failure(read("\x2a\x03"
                      "abc"),
                 "no whole number");
  expect_failure(read("\x09"
                      "12345678"),
                 "expected a varint, found 8 bytes");
}

std::string nested_message(int depth) {
  std::string out;
  for (int level = 0; level < depth; ++level) {
    std::string length;
    for (size_t size = out.size();; size >>= 7) {
      length += static_cast<char>(size >= 0x80 ? size | 0x80 : size);
      if (size < 0x80) break;
    }
    out = "\x32" + length + out;
  }
  return out;
}

TEST(Wire, NestingStopsAt64) {
  EXPECT_EQ(read(nested_message(64))->nested, 64);
  expect_failure(read(nested_message(65)), "deeper than 64");
}

TEST(Wire, MessagesAreCounted) {
  std::string many;
  for (int64_t i = 0; i <= wire::kMaxMessages; ++i) many += std::string_view("\x32\0", 2);
  expect_failure(read(many), "messages");
}

TEST(Wire, WriterGivesTheEncodingGuidesBytes) {
  const std::vector<int64_t> numbers{3, 270, 86942};
  const auto out = wire::Writer::serialise([&](wire::Writer& w) {
    w.put(1, int64_t{150});
    w.nested(6, [&] {
      w.put(3, "testing");
      w.nested(6, [&] { w.packed(4, numbers); });
    });
    w.put(2, 1.0f);
  });
  const std::string_view expected =
      bytes("\x08\x96\x01\x32\x13\x1a\x07testing\x32\x08\x22\x06\x03\x8e\x02\x9e\xa7\x05\x15\0\0\x80\x3f", 29);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(out.data()), out.size()), expected);
}

}  // namespace
}  // namespace nacre

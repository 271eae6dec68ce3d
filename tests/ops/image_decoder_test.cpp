// Each codec against Pillow's pixels is in the ONNX suite; here is what it has not: damage, lies about sizes, grey rounding.
#include "core/image.h"
#include "tests/ops/harness.h"

namespace nacre::test {
namespace {

Tensor bytes_of(std::string_view text) { return u8({static_cast<int64_t>(text.size())}, std::vector<uint8_t>(text.begin(), text.end())); }
Outputs decode(const Tensor& bytes, std::string_view format = "RGB") {
  return run_op("ImageDecoder", {bytes}, {{"pixel_format", std::string(format)}});
}

// Pillow 11: Image.open(...).convert("L") of these pixels is 76, 150, 29, 18.
TEST(ImageDecoder, ColourOrdersAndGrey) {
  const Tensor image = bytes_of("P3 2 2 255  255 0 0  0 255 0  0 0 255  10 20 30");
  expect_equal(decode(image), u8({2, 2, 3}, {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30}));
  expect_equal(decode(image, "BGR"), u8({2, 2, 3}, {0, 0, 255, 0, 255, 0, 255, 0, 0, 30, 20, 10}));
  expect_equal(decode(image, "Grayscale"), u8({2, 2, 1}, {76, 150, 29, 18}));
  expect_failure(decode(image, "CMYK"), ErrorCode::invalid_model, "CMYK");
}

TEST(ImageDecoder, BitmapsOfPnm) {
  expect_equal(decode(bytes_of("P1 3 1 # white black white\n010")), u8({1, 3, 3}, {255, 255, 255, 0, 0, 0, 255, 255, 255}));
  expect_equal(decode(bytes_of(std::string_view("P4\n3 1\n\x40", 8))), u8({1, 3, 3}, {255, 255, 255, 0, 0, 0, 255, 255, 255}));
  expect_equal(decode(bytes_of("P2 2 1 15 0 15")), u8({1, 2, 3}, {0, 0, 0, 255, 255, 255}));
}

std::string bmp(int32_t height, uint8_t width = 1) {
  std::string out("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", 18);
  out += std::string({static_cast<char>(width), 0, 0, 0}) + std::string(reinterpret_cast<const char*>(&height), 4);
  out += std::string("\1\0\x18\0", 4) + std::string(24, '\0');
  return out + std::string("\1\2\3\0\4\5\6\0", 8);  // two lines of blue, green, red
}

TEST(ImageDecoder, LinesOfBmpFromEitherEnd) {
  expect_equal(decode(bytes_of(bmp(2))), u8({2, 1, 3}, {6, 5, 4, 3, 2, 1}));
  expect_equal(decode(bytes_of(bmp(-2))), u8({2, 1, 3}, {3, 2, 1, 6, 5, 4}));
}

TEST(ImageDecoder, WhatCannotBeDecodedIsEmpty) {
  const Tensor empty = u8({0, 0, 3}, {});
  for (const std::string& damaged :
       {std::string(), std::string("no image"), bmp(1000), bmp(2, 9), bmp(2).substr(0, 40), bmp(INT32_MIN), std::string("P6 9 9 255 abc"),
        std::string("P3 2 1 255 1 2 3 4 5 256"), std::string("\x89PNG\r\n\x1a\n????", 12), std::string("\xff\xd8\xff\xe0????", 8),
        std::string("RIFF????WEBPVP8 ????", 20), std::string("II*\0????", 8), std::string("\xff\x4f\xff\x51????", 8)})
    expect_equal(decode(bytes_of(damaged)), empty);
}

TEST(ImageDecoder, AHeadThatPromisesTooMuchIsRefusedByTheBudget) {
  MemoryBudget budget(1 << 20);
  const OpCase huge{.op = "ImageDecoder", .inputs = {bytes_of("P5 30000 30000 255 x")}};
  expect_failure(run_case(huge, Given::shapes, &budget), ErrorCode::resource_exhausted);
}

}  // namespace
}  // namespace nacre::test

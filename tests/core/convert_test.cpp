#include "core/convert.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "core/allocate.h"

namespace nacre {
namespace {

float from_bits(uint32_t bits) { return std::bit_cast<float>(bits); }

struct Step {
  uint32_t bits, code;
};
struct Goldens {
  std::map<std::string, std::vector<uint32_t>> decode;
  std::map<std::string, std::vector<Step>> encode;  // "TYPE MODE"
};

Goldens read_goldens() {
  Goldens out;
  std::ifstream file(NACRE_SOURCE_DIR "/tests/core/goldens/small_floats.txt");
  for (std::string line, kind, type, mode; std::getline(file, line);) {
    std::istringstream words(line);
    words >> kind >> type;
    if (kind == "encode") words >> mode;
    for (std::string word; words >> word;) {
      const auto bits = static_cast<uint32_t>(std::stoul(word, nullptr, 16));
      if (kind == "decode")
        out.decode[type].push_back(bits);
      else
        out.encode[type + " " + mode].push_back({bits, static_cast<uint32_t>(std::stoul(word.substr(word.find(':') + 1), nullptr, 16))});
    }
  }
  return out;
}

template <class T>
uint32_t code_of(DType dtype, T value, const ConvertOptions& options = {}) {
  uint32_t code = 0;
  store_from<T>(dtype, &code, 0, 1, &value, options);
  return code;
}

// All step edges, the floats beside them, and a stride through each step.
void expect_steps(const std::string& name, const std::vector<Step>& steps, DType dtype, const ConvertOptions& options) {
  for (size_t i = 0; i < steps.size(); ++i) {
    const uint32_t begin = steps[i].bits;
    const bool last = i + 1 == steps.size() || (steps[i + 1].bits & 0xff800000u) != (begin & 0xff800000u);
    const uint32_t end = last && i + 1 == steps.size() ? begin : steps[i + 1].bits - 1;
    const uint32_t stride = std::max<uint32_t>((end - begin) / 97, 1);
    for (uint64_t bits = begin; bits <= end; bits += stride)
      ASSERT_EQ(code_of(dtype, from_bits(static_cast<uint32_t>(bits)), options), steps[i].code) << name << " of " << std::hex << bits;
    ASSERT_EQ(code_of(dtype, from_bits(end), options), steps[i].code) << name << " of " << std::hex << end;
    // Every float is a double: the same code must come out.
    if (!std::isnan(from_bits(begin)))
      ASSERT_EQ(code_of(dtype, static_cast<double>(from_bits(end)), options), steps[i].code) << name << " of double " << std::hex << end;
  }
}

TEST(Convert, EveryCodeOfSmallFloatsDecodesAsInMlDtypes) {
  const Goldens goldens = read_goldens();
  ASSERT_EQ(goldens.decode.size(), 6u);
  for (const auto& [name, values] : goldens.decode) {
    const DType dtype = *parse_dtype(name);
    ASSERT_EQ(values.size(), is_packed(dtype) ? 16u : 256u);
    for (uint32_t code = 0; code < values.size(); ++code) {
      float value = 0;
      load_as<float>(dtype, &code, 0, 1, &value);
      if (std::isnan(from_bits(values[code])))
        EXPECT_TRUE(std::isnan(value)) << name << " " << code;
      else
        EXPECT_EQ(std::bit_cast<uint32_t>(value), values[code]) << name << " " << code;
    }
  }
}

TEST(Convert, EveryFloatRoundsToSmallFloatsAsInMlDtypes) {
  const Goldens goldens = read_goldens();
  ASSERT_EQ(goldens.encode.size(), 12u);
  for (const auto& [name, steps] : goldens.encode) {
    const std::string type = name.substr(0, name.find(' ')), mode = name.substr(name.find(' ') + 1);
    ConvertOptions options{.saturate = mode != "plain"};
    if (mode == "down") options.round_mode = RoundMode::down;
    if (mode == "nearest") options.round_mode = RoundMode::nearest;
    expect_steps(name, steps, *parse_dtype(type), options);
  }
}

TEST(Convert, E8m0SpecialValuesFollowOnnxTable) {
  constexpr DType type = DType::float8e8m0;
  constexpr float infinity = INFINITY;
  const ConvertOptions up{}, nearest{.saturate = false, .round_mode = RoundMode::nearest};
  EXPECT_EQ(code_of(type, 0.0f, up), 0u);
  EXPECT_EQ(code_of(type, infinity, up), 254u);
  EXPECT_EQ(code_of(type, 0x1.8p127f, up), 254u);
  EXPECT_EQ(code_of(type, 0x1p-140f, up), 0u);
  EXPECT_EQ(code_of(type, NAN, up), 255u);
  EXPECT_EQ(code_of(type, 0.0f, nearest), 255u);
  EXPECT_EQ(code_of(type, infinity, nearest), 255u);
  EXPECT_EQ(code_of(type, 0x1.8p127f, nearest), 255u);
  EXPECT_EQ(code_of(type, 0x1p-140f, nearest), 255u);
  EXPECT_EQ(code_of(type, 0x1p-127f, up), 0u) << "2^-127 is exact although it is a denormal float";
  EXPECT_EQ(code_of(type, 0x1p-127f, nearest), 0u);
}

// The compiler's own half type is the independent judge.
TEST(Convert, EveryHalfBecomesTheFloatTheCompilerSays) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    Float16 half;
    half.bits = static_cast<uint16_t>(bits);
    const auto expected = static_cast<float>(std::bit_cast<_Float16>(half.bits));
    const auto value = static_cast<float>(half);
    if (std::isnan(expected))
      ASSERT_TRUE(std::isnan(value)) << bits;
    else
      ASSERT_EQ(std::bit_cast<uint32_t>(value), std::bit_cast<uint32_t>(expected)) << bits;
    if (!std::isnan(expected)) ASSERT_EQ(Float16(value).bits, bits);
  }
}

TEST(Convert, FloatsAndDoublesRoundOnceToHalf) {
  for (uint64_t high = 0; high < 65536; ++high) {
    for (const uint32_t low : {0u, 1u, 0x0fffu, 0x1000u, 0x1001u, 0x2fffu, 0x3000u, 0x3001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      const float value = from_bits(static_cast<uint32_t>(high << 16 | low));
      if (std::isnan(value)) {
        ASSERT_TRUE(std::isnan(static_cast<float>(Float16(value))));
        continue;
      }
      ASSERT_EQ(Float16(value).bits, std::bit_cast<uint16_t>(static_cast<_Float16>(value))) << value;
      // A little more than the float: rounding through float would lose it at a tie.
      const double wide = value * (1 + 0x1p-40);
      ASSERT_EQ(code_of(DType::float16, wide), std::bit_cast<uint16_t>(static_cast<_Float16>(wide))) << wide;
    }
  }
}

TEST(Convert, BFloatIsTheUpperHalfRoundedToNearestEven) {
  for (uint32_t high = 0; high < 65536; ++high) {
    const bool is_nan = (high & 0x7f80u) == 0x7f80u && (high & 0x7fu);
    if (is_nan || (high & 0x7fffu) == 0x7f80u) continue;
    EXPECT_EQ(BFloat16(from_bits(high << 16 | 0x7fffu)).bits, high);
    EXPECT_EQ(BFloat16(from_bits(high << 16 | 0x8000u)).bits, high + (high & 1));
    EXPECT_EQ(BFloat16(from_bits(high << 16 | 0x8001u)).bits, high + 1);
    EXPECT_EQ(code_of(DType::bfloat16, static_cast<double>(from_bits(high << 16 | 0x8001u))), high + 1);
  }
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(from_bits(0x7f800001u))))) << "a payload in the low half stays a NaN";
  EXPECT_EQ(BFloat16(INFINITY).bits, 0x7f80);
}

TEST(Convert, PackedElementsShareBytesLowBitsFirst) {
  const uint8_t bytes[] = {0x21, 0xf8, 0x07};
  int64_t values[5];
  load_as<int64_t>(DType::int4, bytes, 0, 5, values);
  EXPECT_EQ(std::vector<int64_t>(values, values + 5), (std::vector<int64_t>{1, 2, -8, -1, 7}));
  load_as<int64_t>(DType::uint4, bytes, 3, 2, values);
  EXPECT_EQ(std::vector<int64_t>(values, values + 2), (std::vector<int64_t>{15, 7}));
  load_as<int64_t>(DType::int2, bytes, 0, 4, values);  // 0x21 = 00 10 00 01
  EXPECT_EQ(std::vector<int64_t>(values, values + 4), (std::vector<int64_t>{1, 0, -2, 0}));
  load_as<int64_t>(DType::uint2, bytes, 2, 2, values);
  EXPECT_EQ(std::vector<int64_t>(values, values + 2), (std::vector<int64_t>{2, 0}));
}

TEST(Convert, StoringPackedElementsKeepsTheirNeighbours) {
  uint8_t bytes[] = {0xab, 0xcd};
  const int64_t values[] = {1, 2};
  store_from<int64_t>(DType::uint4, bytes, 1, 2, values);
  EXPECT_EQ(bytes[0], 0x1b);
  EXPECT_EQ(bytes[1], 0xc2);
  const float halves[] = {0.5f, -6};  // codes 1 and 0xf
  store_from<float>(DType::float4e2m1, bytes, 0, 2, halves);
  EXPECT_EQ(bytes[0], 0xf1);
  uint8_t quarters = 0xff;
  const uint64_t zero = 0;
  store_from<uint64_t>(DType::uint2, &quarters, 2, 1, &zero);
  EXPECT_EQ(quarters, 0xcf);
}

// numpy 2 on x86: np.array([...], np.float32).astype(T).
TEST(Convert, FloatsToIntegersCutAndWrapAsNumpyDoes) {
  EXPECT_EQ(static_cast<int8_t>(code_of(DType::int8, -9.7f)), -9);
  EXPECT_EQ(code_of(DType::uint8, -9.7f), 247u);
  EXPECT_EQ(code_of(DType::uint4, -9.7f), 7u);
  EXPECT_EQ(code_of(DType::int4, 20.0f), 4u);
  EXPECT_EQ(code_of(DType::int4, static_cast<float>(NAN)), 0u);
  EXPECT_EQ(static_cast<int32_t>(code_of(DType::int32, 3e9f)), INT32_MIN);
  EXPECT_EQ(code_of(DType::uint32, 3e9f), 3000000000u);
  EXPECT_EQ(static_cast<int32_t>(code_of(DType::int32, static_cast<float>(NAN))), INT32_MIN);
  int64_t wide = 0;
  const double big = 1e300;
  store_from<double>(DType::int64, &wide, 0, 1, &big);
  EXPECT_EQ(wide, INT64_MIN);
  uint64_t unsigned_wide = 0;
  const double upper = 0x1.8p63;
  store_from<double>(DType::uint64, &unsigned_wide, 0, 1, &upper);
  EXPECT_EQ(unsigned_wide, uint64_t{3} << 62);
}

TEST(Convert, OnlyZeroIsFalse) {
  for (const float value : {1.0f, -0.5f, static_cast<float>(NAN), 1e-45f}) EXPECT_EQ(code_of(DType::boolean, value), 1u) << value;
  EXPECT_EQ(code_of(DType::boolean, -0.0f), 0u);
  EXPECT_EQ(code_of(DType::boolean, int64_t{256}), 1u);
}

TEST(Convert, IntegersKeepTheirLowBits) {
  EXPECT_EQ(static_cast<int8_t>(code_of(DType::int8, int64_t{200})), -56);
  EXPECT_EQ(code_of(DType::uint16, int64_t{-1}), 65535u);
  EXPECT_EQ(code_of(DType::float8e4m3fn, int64_t{-448}), 0xfeu);
  EXPECT_EQ(code_of(DType::float16, uint64_t{65520}), 0x7c00u);
}

Tensor converted(const Tensor& from, DType to, const ConvertOptions& options = {}) {
  Tensor out(to, from.shape());
  const Result<void> done = convert(from, out, options);
  if (!done) throw done.error();
  return out;
}

TEST(Convert, EveryPairOfNumericTypesKeepsSmallIntegers) {
  const Tensor values = Tensor::of<int64_t>({5}, {1, 0, 1, 1, 0});
  for (int a = 1; a < kDTypeCount; ++a) {
    for (int b = 1; b < kDTypeCount; ++b) {
      const auto from = static_cast<DType>(a), to = static_cast<DType>(b);
      if (is_complex(from) && to == DType::string) continue;
      if (from == DType::float8e8m0 || to == DType::float8e8m0) continue;  // it has no zero
      const Tensor back = converted(converted(converted(values, from), to), DType::int64);
      const auto expected = values.data<int64_t>();
      for (size_t i = 0; i < 5; ++i) EXPECT_EQ(back.data<int64_t>()[i], expected[i]) << to_string(from) << " to " << to_string(to);
    }
  }
}

TEST(Convert, LongTensorsCrossBlocksAndOddCountsOfPackedElements) {
  Tensor values(DType::int64, {5001});
  for (int64_t i = 0; i < 5001; ++i) values.mutable_data<int64_t>()[static_cast<size_t>(i)] = i % 16;
  const Tensor packed = converted(values, DType::uint4), back = converted(packed, DType::float64);
  EXPECT_EQ(packed.byte_size(), 2501u);
  for (size_t i = 0; i < 5001; ++i) ASSERT_EQ(back.data<double>()[i], static_cast<double>(i % 16));
}

TEST(Convert, TextReadsAsTheNearestNumber) {
  const Tensor text = Tensor::of<std::string>({8}, {"0.1", " 3 ", "+INF", "-inf", "NaN", "1e8", "1e-999", "-1E+999"});
  const Tensor numbers = converted(text, DType::float32);
  const auto out = numbers.data<float>();
  EXPECT_EQ(out[0], 0.1f);
  EXPECT_EQ(out[1], 3.0f);
  EXPECT_EQ(out[2], INFINITY);
  EXPECT_EQ(out[3], -INFINITY);
  EXPECT_TRUE(std::isnan(out[4]));
  EXPECT_EQ(out[5], 1e8f);
  EXPECT_EQ(out[6], 0.0f);
  EXPECT_EQ(out[7], -INFINITY);
  const Tensor integers = converted(Tensor::of<std::string>({4}, {"100.5", "-7", "9223372036854775807", "1e3"}), DType::int64);
  EXPECT_EQ(integers.data<int64_t>()[0], 100);
  EXPECT_EQ(integers.data<int64_t>()[1], -7);
  EXPECT_EQ(integers.data<int64_t>()[2], INT64_MAX);
  EXPECT_EQ(integers.data<int64_t>()[3], 1000);
}

TEST(Convert, TextThatIsNoNumberIsAnErrorThatNamesTheElement) {
  for (const char* bad : {"hello", "", "  ", "1.5x", "+-1", "0x10", "--3"}) {
    Tensor out(DType::float32, {2});
    const Result<void> done = convert(Tensor::of<std::string>({2}, {"1", bad}), out);
    ASSERT_FALSE(done) << bad;
    EXPECT_EQ(done.error().code(), ErrorCode::invalid_argument);
    EXPECT_NE(done.error().message().find("element 1"), std::string::npos) << done.error().what();
  }
  Tensor out(DType::int32, {1});
  EXPECT_FALSE(convert(Tensor::of<std::string>({1}, {"nan"}), out));
}

TEST(Convert, NumbersBecomeTheShortestTextThatReadsBack) {
  const Tensor floats = Tensor::of<float>({9}, {0.1f, 3, 1e20f, NAN, INFINITY, -INFINITY, -0.0f, 1e6f, 1.0f / 3});
  const Tensor text = converted(floats, DType::string);
  const std::vector<std::string> expected = {"0.1", "3", "1e+20", "NaN", "INF", "-INF", "-0", "1000000", "0.33333334"};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(text.data<std::string>()[i], expected[i]);
  EXPECT_EQ(converted(Tensor::scalar(314.15926), DType::string).data<std::string>()[0], "314.15926");
  EXPECT_EQ(converted(Tensor::scalar<int64_t>(INT64_MIN), DType::string).data<std::string>()[0], "-9223372036854775808");
  EXPECT_EQ(converted(Tensor::scalar(true), DType::string).data<std::string>()[0], "1");
}

TEST(Convert, UnequalCountsAreRefused) {
  Tensor out(DType::float32, {3});
  EXPECT_FALSE(convert(Tensor(DType::int8, {2}), out));
}

TEST(Convert, ComplexKeepsItsRealPart) {
  const Tensor z = Tensor::of<std::complex<float>>({1}, {{2.5f, -1}});
  EXPECT_EQ(converted(z, DType::complex128).data<std::complex<double>>()[0], std::complex<double>(2.5, -1));
  EXPECT_EQ(converted(z, DType::float32).data<float>()[0], 2.5f);
  EXPECT_EQ(converted(Tensor::scalar(2.0f), DType::complex64).data<std::complex<float>>()[0], std::complex<float>(2, 0));
}

}  // namespace
}  // namespace nacre

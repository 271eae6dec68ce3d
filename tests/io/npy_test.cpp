#include "io/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "core/convert.h"
#include "io/npy_header.h"
#include "tests/io/goldens.h"

namespace nacre {
namespace {

std::vector<double> reals(const Tensor& tensor) {
  std::vector<double> out(static_cast<size_t>(tensor.size()));
  load_as(tensor.dtype(), tensor.raw(), 0, tensor.size(), out.data());
  return out;
}

std::vector<std::string> texts(const Tensor& tensor) {
  const auto data = tensor.data<std::string>();
  return {data.begin(), data.end()};
}

Tensor stored(const std::string& name) {
  const auto tensor = load_npy(golden_path(name));
  EXPECT_TRUE(tensor) << tensor.error().what();
  return tensor ? *tensor : Tensor();
}

TEST(Npy, ReadsAllThreeVersions) {
  for (const char* name : {"f4.npy", "v2.npy", "v3.npy"}) {
    const Tensor tensor = stored(name);
    EXPECT_EQ(describe(tensor), "float32[2,3]") << name;
    EXPECT_EQ(reals(tensor), (std::vector<double>{0, 1, 2, 3, 4, 5})) << name;
  }
}

TEST(Npy, FortranOrderIsTransposed) {
  const Tensor tensor = stored("fortran.npy");
  EXPECT_EQ(tensor.shape(), (Shape{2, 3, 4}));
  for (int64_t i = 0; i < 24; ++i) EXPECT_EQ(tensor.data<int64_t>()[static_cast<size_t>(i)], i);
}

TEST(Npy, TextBecomesStrings) {
  EXPECT_EQ(texts(stored("text.npy")), (std::vector<std::string>{"a", "grüße", "", "日本語"}));
  EXPECT_EQ(texts(stored("bytes.npy")), (std::vector<std::string>{"ab", "c"}));
}

TEST(Npy, BigEndianIsTurned) { EXPECT_EQ(reals(stored("big_endian.npy")), (std::vector<double>{1, -2, 3})); }

TEST(Npy, BFloat16IsTheTwoByteVoid) {
  const Tensor tensor = stored("bfloat16.npy");
  EXPECT_EQ(tensor.dtype(), DType::bfloat16);
  EXPECT_EQ(reals(tensor), (std::vector<double>{1, -2.5, 3}));
}

TEST(Npy, ObjectsAreRefused) { expect_failure(load_npy(golden_path("object.npy")), "Python objects"); }

Tensor back(const Tensor& tensor) {
  Scratch scratch;
  EXPECT_TRUE(save_npy(scratch / "t.npy", tensor));
  const auto out = load_npy(scratch / "t.npy");
  EXPECT_TRUE(out) << out.error().what();
  return out ? *out : Tensor();
}

TEST(Npy, WritesNumpysBytes) {
  Scratch scratch;
  for (const char* name : {"f4.npy", "text.npy", "bfloat16.npy"}) {
    ASSERT_TRUE(save_npy(scratch / name, stored(name)));
    const MappedFile written = *map_file(scratch / name), numpys = golden(name);
    EXPECT_EQ(written.text(), numpys.text()) << name;
  }
}

TEST(Npy, EveryDtypeComesBack) {
  for (int number = 1; number < kDTypeCount; ++number) {
    const auto dtype = static_cast<DType>(number);
    Tensor tensor(dtype, {3});
    const double values[] = {1, 0, 1};
    store_from(dtype, tensor.mutable_raw(), 0, 3, values);
    if (dtype == DType::string) continue;
    const Tensor again = back(tensor);
    EXPECT_EQ(reals(again), reals(tensor)) << to_string(dtype);
    if (bits_of(dtype) > 8) EXPECT_EQ(again.dtype(), dtype);
  }
  EXPECT_EQ(back(Tensor::scalar<double>(2.5)).shape(), Shape{});
  EXPECT_EQ(back(Tensor(DType::int64, {0, 5})).shape(), (Shape{0, 5}));
  EXPECT_EQ(texts(back(Tensor::of<std::string>({2}, {"\xff\xfe", "a"}))), (std::vector<std::string>{"\xff\xfe", "a"}));
}

Result<Tensor> with_header(const std::string& dictionary, const std::string& data = "12345678") {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(dictionary.size() & 0xff);
  file += static_cast<char>(dictionary.size() >> 8);
  file += dictionary + data;
  auto owner = std::make_shared<std::string>(std::move(file));
  return parse_npy(bytes_of(*owner), owner);
}

TEST(Npy, HeadersMayBeSpeltOtherwise) {
  EXPECT_TRUE(with_header("{\"shape\":(8L,),\"fortran_order\":False,\"descr\":\"|u1\"}"));
  EXPECT_TRUE(with_header("{'descr': 'float8_e4m3fn', 'fortran_order': True, 'shape': (2, 4)}  \n"));
}

TEST(Npy, LyingHeadersAreRefused) {
  const auto shaped = [](const std::string& descr, const std::string& shape) {
    return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }";
  };
  EXPECT_TRUE(with_header(shaped("<f4", "(2,)")));
  expect_failure(with_header(shaped("<f4", "(3,)")), "needs 12 bytes, 8 are stored");
  expect_failure(with_header(shaped("<f4", "(-1,)")), "negative");
  expect_failure(with_header(shaped("<f4", "(4294967296, 4294967296)")), "2^63");
  expect_failure(with_header(shaped("<f4", "(4611686018427387904,)")), "overflows");
  expect_failure(with_header(shaped("<f4", "(99999999999999999999,)")), "no readable shape");
  expect_failure(with_header(shaped("<f4", "(2 3)")), "no readable shape");
  expect_failure(with_header(shaped("<U0", "(1000000000000,)")), "without width");
  expect_failure(with_header(shaped("<f3", "(2,)")), "'<f3' is not supported");
  expect_failure(with_header(shaped("<M8[ns]", "(1,)")), "not supported");
  expect_failure(with_header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"), "structured");
  expect_failure(with_header("{'descr': '<f4', 'shape': (1,)}"), "incomplete");
  expect_failure(with_header("{'descr': '<f4'"), "does not end");
  expect_failure(with_header("[]"), "no dictionary");
  expect_failure(with_header(shaped("<U2", "(1,)"), std::string("\x00\xd8\x00\x00"
                                                                "a\0\0\0",
                                                                8)),
                 "no Unicode character");
}

TEST(Npz, ReadsStoredAndDeflated) {
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const auto arrays = load_npz(golden_path(name));
    ASSERT_TRUE(arrays) << arrays.error().what();
    ASSERT_EQ(arrays->size(), 5u);
    EXPECT_EQ(arrays->at(0).first, "ids");
    EXPECT_EQ(reals(arrays->at(0).second), (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(arrays->at(1).second.shape(), (Shape{2, 3}));
    EXPECT_EQ(reals(arrays->at(2).second), (std::vector<double>{2.5}));
    EXPECT_EQ(arrays->at(3).second.dtype(), DType::boolean);
    EXPECT_EQ(arrays->at(4).second.size(), 10000);
  }
}

TEST(Npz, WritesWhatItReads) {
  Scratch scratch;
  const auto arrays = load_npz(golden_path("stored.npz"));
  for (const bool compress : {false, true}) {
    ASSERT_TRUE(save_npz(scratch / "out.npz", *arrays, {.compress = compress}));
    EXPECT_EQ(map_file(scratch / "out.npz")->bytes().size() < 4000, compress);
    const auto again = load_npz(scratch / "out.npz");
    ASSERT_TRUE(again) << again.error().what();
    ASSERT_EQ(again->size(), arrays->size());
    for (size_t i = 0; i < arrays->size(); ++i) {
      EXPECT_EQ(again->at(i).first, arrays->at(i).first);
      EXPECT_EQ(describe(again->at(i).second), describe(arrays->at(i).second));
      EXPECT_EQ(reals(again->at(i).second), reals(arrays->at(i).second));
    }
  }
  ASSERT_TRUE(save_npz(scratch / "none.npz", {}));
  EXPECT_TRUE(load_npz(scratch / "none.npz")->empty());
}

TEST(Npz, LimitsHoldBeforeAnythingIsInflated) {
  expect_failure(load_npz(golden_path("deflated.npz"), {.bytes = 40000}), "members take more than 40000 bytes");
  expect_failure(load_npz(golden_path("deflated.npz"), {.members = 4}), "5 members, the limit is 4");
}

TEST(Npz, ABombIsRefused) {
  std::string file(golden("deflated.npz").text());
  const size_t entry = file.find("PK\x01\x02");
  const uint32_t size = 0x7fffffff;  // claimed by the first, small member
  std::memcpy(file.data() + entry + 24, &size, 4);
  expect_failure(parse_npz(bytes_of(file)), "claims 2147483647 bytes");
}

TEST(Npz, DamageIsNoticed) {
  std::string file(golden("stored.npz").text());
  file[file.find("NUMPY") + 130] ^= 1;
  expect_failure(parse_npz(bytes_of(file)), "does not match its checksum");
}

template <class Parse>
void survives_damage(const std::string& name, int rounds, const Parse& parse) {
  const std::string whole(golden(name).text());
  for (size_t length = 0; length < whole.size(); ++length)
    parse(std::vector<char>(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)));
  std::mt19937 random(5);
  for (int round = 0; round < rounds; ++round) {
    std::vector<char> damaged(whole.begin(), whole.end());
    damaged[random() % damaged.size()] ^= static_cast<char>(1u << random() % 8);
    parse(damaged);
  }
}

TEST(Npz, DamagedFilesGiveAResultOrAnError) {
  size_t read = 0;
  const auto npz = [&](const std::vector<char>& file) {
    read += parse_npz(std::as_bytes(std::span(file)), nullptr, {.bytes = 1 << 20}).has_value();
  };
  survives_damage("deflated.npz", 3000, npz);
  EXPECT_GT(read, 0u);  // some flips hit what nobody reads
  const auto npy = [&](const std::vector<char>& file) { read += parse_npy(std::as_bytes(std::span(file))).has_value(); };
  survives_damage("text.npy", 3000, npy);
  survives_damage("fortran.npy", 3000, npy);
}

}  // namespace
}  // namespace nacre

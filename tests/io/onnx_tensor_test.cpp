#include "io/onnx_tensor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/convert.h"
#include "io/onnx_reader.h"
#include "io/onnx_writer.h"
#include "tests/io/goldens.h"

namespace nacre {
namespace {

using Json = nlohmann::json;
using onnx::TensorProto;

std::string from_hex(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i += 2) out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return out;
}

void expect_values(const Tensor& tensor, const Json& values) {
  std::vector<double> found(values.size());
  load_as(tensor.dtype(), tensor.raw(), 0, tensor.size(), found.data());
  for (size_t i = 0; i < found.size(); ++i) {
    if (values[i].is_string())
      EXPECT_TRUE(std::isnan(found[i]));
    else
      EXPECT_EQ(found[i], values[i].get<double>()) << i;
  }
}

void expect_case(const Tensor& tensor, const Json& expected) {
  EXPECT_EQ(static_cast<int>(tensor.dtype()), expected["dtype"].get<int>());
  EXPECT_EQ(tensor.shape(), expected["dims"].get<Shape>());
  if (expected.contains("strings")) {
    const auto text = tensor.data<std::string>();
    EXPECT_EQ(std::vector<std::string>(text.begin(), text.end()), expected["strings"].get<std::vector<std::string>>());
  } else if (expected.contains("bytes")) {
    EXPECT_EQ(std::string(static_cast<const char*>(tensor.raw()), tensor.byte_size()), from_hex(expected["bytes"]));
  } else {
    ASSERT_EQ(static_cast<size_t>(tensor.size()), expected["values"].size());
    expect_values(tensor, expected["values"]);
  }
}

TEST(OnnxTensor, EveryDtypeAndFormEqualsNumpyHelpers) {
  const Json cases = Json::parse(golden("tensors.json").text());
  ASSERT_GT(cases.size(), 100u);
  for (const Json& expected : cases) {
    SCOPED_TRACE(expected["proto"].get<std::string>());
    const std::string bytes = from_hex(expected["proto"]);
    const auto proto = onnx::parse_tensor(bytes_of(bytes));
    ASSERT_TRUE(proto);
    const auto tensor = onnx::to_tensor(*proto);
    ASSERT_TRUE(tensor) << tensor.error().what();
    expect_case(*tensor, expected);
    const auto again = onnx::serialise(onnx::from_tensor(*tensor, "again"));  // and back, as raw data
    const auto proto_again = onnx::parse_tensor(*again);
    expect_case(*onnx::to_tensor(*proto_again), expected);
  }
}

TensorProto raw(DType dtype, std::vector<int64_t> dims, std::string_view data) {
  TensorProto out;
  out.name = "w";
  out.dims = std::move(dims);
  out.data_type = static_cast<int32_t>(dtype);
  out.has_raw_data = true;
  out.raw_data = bytes_of(data);
  return out;
}

TEST(OnnxTensor, LargeAlignedRawDataIsViewedSmallOrMisalignedCopied) {
  constexpr int64_t large = 16 << 10;
  std::vector<int32_t> data(large + 1, 7);
  const char* const begin = reinterpret_cast<const char*>(data.data());
  EXPECT_EQ(onnx::to_tensor(raw(DType::int32, {large}, {begin, 4 * large}))->raw(), begin);
  const auto misaligned = onnx::to_tensor(raw(DType::int32, {large}, {begin + 2, 4 * large}));
  EXPECT_NE(misaligned->raw(), begin + 2);
  EXPECT_EQ(misaligned->data<int32_t>()[large - 1], 7 << 16);
  const auto small = onnx::to_tensor(raw(DType::int32, {large - 1}, {begin, 4 * large - 4}));
  EXPECT_NE(small->raw(), begin);
  EXPECT_EQ(small->data<int32_t>()[large - 2], 7);
}

TEST(OnnxTensor, LyingCountsAreRefused) {
  expect_failure(onnx::to_tensor(raw(DType::float32, {2, 3}, "12345678")), "tensor 'w': float32[2,3] needs 24 bytes, 8 are stored");
  expect_failure(onnx::to_tensor(raw(DType::float32, {-1}, "1234")), "negative dimension");
  expect_failure(onnx::to_tensor(raw(DType::float32, {int64_t{1} << 40, int64_t{1} << 40}, "1234")), "2^63");
  expect_failure(onnx::to_tensor(raw(static_cast<DType>(99), {1}, "1")), "data type 99");
  expect_failure(onnx::to_tensor(raw(DType::string, {1}, "1")), "strings cannot be raw_data");
  TensorProto typed = raw(DType::float32, {3}, "");
  typed.has_raw_data = false;
  typed.float_data = {1, 2};
  expect_failure(onnx::to_tensor(typed), "float_data has 2 elements, float32[3] needs 3");
  typed.dims = {int64_t{1} << 60};
  expect_failure(onnx::to_tensor(typed), "float_data has 2 elements");
  typed.has_segment = true;
  expect_failure(onnx::to_tensor(typed), "segments");
}

TEST(OnnxTensor, NumbersThatDoNotFitAreRefused) {
  TensorProto typed = raw(DType::uint8, {1}, "");
  typed.has_raw_data = false;
  typed.int32_data = {256};
  expect_failure(onnx::to_tensor(typed), "int32_data holds 256, which is no uint8");
  typed.int32_data = {-1};
  expect_failure(onnx::to_tensor(typed), "-1");
  typed.data_type = static_cast<int32_t>(DType::int8);
  EXPECT_EQ(onnx::to_tensor(typed)->data<int8_t>()[0], -1);
  typed.int32_data = {128};
  expect_failure(onnx::to_tensor(typed), "128");
}

TEST(OnnxTensor, BoolsOtherThanZeroAndOneBecomeTrue) {
  const auto tensor = onnx::to_tensor(raw(DType::boolean, {3}, std::string_view("\0\x01\x80", 3)));
  EXPECT_EQ(static_cast<const unsigned char*>(tensor->raw())[2], 1);
  EXPECT_FALSE(tensor->data<bool>()[0]);
}

// Sparse ones.

onnx::SparseTensorProto sparse(std::vector<int64_t> indices, std::vector<int64_t> index_dims, std::vector<int64_t> dims) {
  onnx::SparseTensorProto out;
  out.values = raw(DType::int16, {2}, std::string_view("\x05\0\x07\0", 4));
  out.indices = raw(DType::int64, std::move(index_dims), "");
  out.indices.has_raw_data = false;
  out.indices.int64_data = std::move(indices);
  out.dims = std::move(dims);
  return out;
}

std::vector<int16_t> dense(const onnx::SparseTensorProto& proto) {
  const auto tensor = onnx::to_tensor(proto);
  if (!tensor) return ADD_FAILURE() << tensor.error().what(), std::vector<int16_t>{};
  return {tensor->data<int16_t>().begin(), tensor->data<int16_t>().end()};
}

TEST(SparseTensor, LinearAndPerAxisIndicesGiveTheSame) {
  const std::vector<int16_t> expected{0, 5, 0, 0, 7, 0};
  EXPECT_EQ(dense(sparse({1, 4}, {2}, {3, 2})), expected);
  EXPECT_EQ(dense(sparse({0, 1, 2, 0}, {2, 2}, {3, 2})), expected);
  EXPECT_EQ(dense(sparse({1, 4}, {2, 1}, {6})), expected);
}

TEST(SparseTensor, BadIndicesAreRefused) {
  expect_failure(onnx::to_tensor(sparse({1, 6}, {2}, {3, 2})), "index 6 of entry 1 is outside [0, 6)");
  expect_failure(onnx::to_tensor(sparse({0, 1, 2, -1}, {2, 2}, {3, 2})), "index -1 of entry 1 is outside [0, 2) on axis 1");
  expect_failure(onnx::to_tensor(sparse({4, 1}, {2}, {3, 2})), "not after");
  expect_failure(onnx::to_tensor(sparse({1, 1}, {2}, {3, 2})), "not after");
  expect_failure(onnx::to_tensor(sparse({1, 2, 3}, {3}, {3, 2})), "sparse values");
  expect_failure(onnx::to_tensor(sparse({1, 2}, {2}, {int64_t{1} << 40})), "the limit is");
}

// External data: each rule of its own.

struct External : testing::Test {
  Scratch scratch;
  TensorProto proto;

  External() {
    write("w.bin", "0123456789abcdef");
    proto = raw(DType::int32, {2}, "");
    proto.has_raw_data = false;
    proto.data_location = TensorProto::EXTERNAL;
  }
  void write(const std::string& name, std::string_view text) { std::ofstream(scratch / name, std::ios::binary) << text; }
  Result<Tensor> load(std::vector<onnx::StringStringEntryProto> entries) {
    onnx::ExternalDir directory(scratch.path());
    proto.external_data = std::move(entries);
    return onnx::to_tensor(proto, nullptr, &directory);
  }
};

TEST_F(External, IsViewedAtItsOffset) {
  const auto tensor = load({{"location", "w.bin"}, {"offset", "4"}, {"length", "8"}});
  ASSERT_TRUE(tensor) << tensor.error().what();
  EXPECT_EQ(std::string_view(static_cast<const char*>(tensor->raw()), 8), "456789ab");
}

TEST_F(External, LengthAndOffsetMayBeLeftOut) { EXPECT_TRUE(load({{"location", "w.bin"}})); }

TEST_F(External, OneFileIsMappedOnce) {
  onnx::ExternalDir directory(scratch.path());
  EXPECT_EQ(directory.open("w.bin")->bytes().data(), directory.open("w.bin")->bytes().data());
}

TEST_F(External, OffsetsBeyondTwoGigabytesAreRead) {
  constexpr int64_t offset = (int64_t{5} << 30) + 4;
  std::ofstream(scratch / "big.bin", std::ios::binary).seekp(offset).write("abcdefgh", 8);  // sparse: takes no room
  const auto tensor = load({{"location", "big.bin"}, {"offset", std::to_string(offset)}, {"length", "8"}});
  ASSERT_TRUE(tensor) << tensor.error().what();
  EXPECT_EQ(std::string_view(static_cast<const char*>(tensor->raw()), 8), "abcdefgh");
}

TEST_F(External, MisalignedOffsetIsCopied) {
  const auto tensor = load({{"location", "w.bin"}, {"offset", "3"}});
  ASSERT_TRUE(tensor);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor->raw()) % 4, 0u);
  EXPECT_EQ(std::string_view(static_cast<const char*>(tensor->raw()), 8), "3456789a");
}

TEST_F(External, NegativeOffsetIsRefused) { expect_failure(load({{"location", "w.bin"}, {"offset", "-4"}}), "offset is negative: -4"); }
TEST_F(External, OffsetsThatAreNoNumbersAreRefused) {
  expect_failure(load({{"location", "w.bin"}, {"offset", "4x"}}), "offset is no number: '4x'");
  expect_failure(load({{"location", "w.bin"}, {"offset", "99999999999999999999"}}), "no number");
}
TEST_F(External, TooShortFileIsRefused) {
  expect_failure(load({{"location", "w.bin"}, {"offset", "12"}}), "'w.bin' is too short: 8 bytes at offset 12 wanted, it has 16");
  expect_failure(load({{"location", "w.bin"}, {"offset", "9223372036854775807"}}), "too short");
}
TEST_F(External, LengthThatIsNotTheTensorsIsRefused) {
  expect_failure(load({{"location", "w.bin"}, {"length", "12"}}), "has length 12, int32[2] needs 8");
}
TEST_F(External, MissingLocationIsRefused) { expect_failure(load({{"offset", "0"}}), "no location"); }
TEST_F(External, MissingFileIsRefused) { expect_failure(load({{"location", "none.bin"}}), "none.bin"); }
TEST_F(External, AbsolutePathIsRefused) { expect_failure(load({{"location", scratch / "w.bin"}}), scratch / "w.bin"); }
TEST_F(External, ParentDirectoryIsRefused) {
  std::filesystem::create_directory(scratch / "sub");
  expect_failure(load({{"location", "sub/../w.bin"}}), "..");
  expect_failure(load({{"location", ".."}}), "..");
}
TEST_F(External, SymlinkedFileIsRefused) {
  std::filesystem::create_symlink("w.bin", scratch / "link.bin");
  expect_failure(load({{"location", "link.bin"}}), "link");
}
TEST_F(External, SymlinkedParentIsRefused) {
  std::filesystem::create_directory(scratch / "sub");
  std::filesystem::rename(scratch / "w.bin", scratch / "sub/w.bin");
  std::filesystem::create_directory_symlink("sub", scratch / "alias");
  EXPECT_TRUE(load({{"location", "sub/w.bin"}}));
  expect_failure(load({{"location", "alias/w.bin"}}), "link");
}
TEST_F(External, HardLinkIsRefused) {
  std::filesystem::create_hard_link(scratch / "w.bin", scratch / "other.bin");
  expect_failure(load({{"location", "other.bin"}}), "hard link");
}
TEST_F(External, FifoIsRefused) {
  ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
  expect_failure(load({{"location", "pipe"}}), "pipe");
}
TEST_F(External, StringsAreRefused) {
  proto.data_type = static_cast<int32_t>(DType::string);
  expect_failure(load({{"location", "w.bin"}}), "strings");
}
TEST_F(External, ModelWithoutAFileHasNoExternalData) {
  proto.external_data = {{"location", "w.bin"}};
  expect_failure(onnx::to_tensor(proto), "not loaded from a file");
}

TEST(OnnxSave, WeightsMoveToTheirOwnFileAndBack) {
  Scratch scratch;
  const MappedFile file = golden("small.onnx");
  ASSERT_TRUE(onnx::save_model(*onnx::parse_model(file.bytes()), scratch / "m.onnx", {.external_data = "m.data", .least_external = 4}));
  const MappedFile saved = *map_file(scratch / "m.onnx");
  const auto model = onnx::parse_model(saved.bytes());
  const TensorProto& bias = model->graph.initializer.at(0);
  EXPECT_EQ(bias.data_location, TensorProto::EXTERNAL);
  onnx::ExternalDir directory(scratch.path());
  const auto tensor = onnx::to_tensor(bias, nullptr, &directory);
  ASSERT_TRUE(tensor) << tensor.error().what();
  EXPECT_EQ(tensor->data<float>()[1], -1.0f);
}

// onnx-data.proto.

TEST(OnnxValue, ReadsSequencesOptionalsAndMaps) {
  const MappedFile sequence = golden("sequence.pb"), nested = golden("nested.pb"), maps = golden("map_sequence.pb");
  const auto flat = onnx::to_value(*onnx::parse_sequence(sequence.bytes()));
  ASSERT_TRUE(flat);
  EXPECT_EQ(flat->items().at(0).tensor().data<float>()[1], 2);
  const auto deep = onnx::to_value(*onnx::parse_sequence(nested.bytes()));
  EXPECT_EQ(deep->items().at(0).items().size(), 2u);
  EXPECT_TRUE(deep->items().at(1).items().empty());
  const auto map = onnx::to_value(*onnx::parse_sequence(maps.bytes()));
  ASSERT_TRUE(map) << map.error().what();
  EXPECT_EQ(map->items().at(0).keys().data<std::string>()[1], "b");
  EXPECT_EQ(map->items().at(0).values().data<int64_t>()[1], 4);
}

TEST(OnnxValue, OptionalsMayBeEmpty) {
  const MappedFile some = golden("optional.pb"), none = golden("optional_none.pb"), list = golden("optional_sequence.pb");
  EXPECT_EQ(onnx::to_value(*onnx::parse_optional(some.bytes()))->items().at(0).tensor().data<float>()[0], 9);
  EXPECT_TRUE(onnx::to_value(*onnx::parse_optional(none.bytes()))->items().empty());
  EXPECT_EQ(onnx::to_value(*onnx::parse_optional(list.bytes()))->items().at(0).items().size(), 2u);
}

TEST(OnnxValue, ComesBackFromItsOwnBytes) {
  const Value map = Value::map(Tensor::of<int64_t>({2}, {4, 9}), Tensor::of<float>({2}, {0.5f, 2}));
  const Value sequence = Value::sequence({map, Value::optional(Tensor::scalar<int64_t>(3)), Value::optional()});
  const auto bytes = onnx::serialise(onnx::sequence_from_value(Value::sequence({sequence}), "s"));
  const auto back = onnx::to_value(*onnx::parse_sequence(*bytes));
  ASSERT_TRUE(back) << back.error().what();
  const auto& items = back->items().at(0).items();
  EXPECT_EQ(items.at(0).keys().data<int64_t>()[1], 9);
  EXPECT_EQ(items.at(0).values().data<float>()[0], 0.5f);
  EXPECT_EQ(items.at(1).items().at(0).tensor().data<int64_t>()[0], 3);
  EXPECT_TRUE(items.at(2).items().empty());
}

}  // namespace
}  // namespace nacre

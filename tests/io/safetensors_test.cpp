#include "io/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>

#include "core/convert.h"
#include "tests/io/goldens.h"

namespace nacre {
namespace {

std::vector<double> reals(const Tensor& tensor) {
  std::vector<double> out(static_cast<size_t>(tensor.size()));
  load_as(tensor.dtype(), tensor.raw(), 0, tensor.size(), out.data());
  return out;
}

TEST(Safetensors, ReadsEveryDtypeThePackageWrites) {
  const auto file = load_safetensors(golden_path("tensors.safetensors"));
  ASSERT_TRUE(file) << file.error().what();
  EXPECT_EQ(file->tensors.size(), 17u);
  EXPECT_EQ(file->metadata.at("format"), "np");
  int numbers = 0;
  for (const auto& [name, tensor] : file->tensors) {
    if (!name.starts_with("a_")) continue;
    ++numbers;
    EXPECT_EQ(tensor.dtype(), *parse_dtype(name.substr(2))) << name;
    EXPECT_EQ(reals(tensor), name == "a_bool" ? (std::vector<double>{0, 1, 1, 1}) : (std::vector<double>{0, 1, 2, 3})) << name;
  }
  EXPECT_EQ(numbers, 12);
  EXPECT_EQ(reals(*file->find("bf16")), (std::vector<double>{1, -2.5, 3, 0.10009765625}));
  EXPECT_EQ(file->find("bf16")->shape(), (Shape{2, 2}));
  EXPECT_EQ(reals(*file->find("e4m3")), (std::vector<double>{1, -2, 448}));
  EXPECT_EQ(reals(*file->find("e5m2")), (std::vector<double>{1, -2, 57344}));
  EXPECT_EQ(file->find("empty")->shape(), (Shape{0, 5}));
  EXPECT_EQ(file->find("scalar")->shape(), Shape{});
  EXPECT_EQ(file->find("nothing"), nullptr);
}

TEST(Safetensors, LargeTensorsViewTheMappedFile) {
  Scratch scratch;
  const std::vector<std::pair<std::string, Tensor>> written = {{"large", Tensor(DType::float32, {128, 128})}};
  ASSERT_TRUE(save_safetensors(scratch / "large.safetensors", written));
  const MappedFile mapped = *map_file(scratch / "large.safetensors");
  const auto file = parse_safetensors(mapped.bytes(), mapped.owner());
  const auto* data = static_cast<const std::byte*>(file->find("large")->raw());
  EXPECT_TRUE(data > mapped.bytes().data() && data < mapped.bytes().data() + mapped.bytes().size());
}

TEST(Safetensors, WritesWhatThePackageWrites) {
  Scratch scratch;
  const auto file = load_safetensors(golden_path("tensors.safetensors"));
  ASSERT_TRUE(save_safetensors(scratch / "copy.safetensors", file->tensors, file->metadata));
  const auto copy = load_safetensors(scratch / "copy.safetensors");
  ASSERT_TRUE(copy) << copy.error().what();
  ASSERT_EQ(copy->tensors.size(), file->tensors.size());
  for (size_t i = 0; i < copy->tensors.size(); ++i) {
    const auto& [name, tensor] = copy->tensors[i];
    EXPECT_EQ(name, file->tensors[i].first);
    EXPECT_EQ(tensor.shape(), file->tensors[i].second.shape());
    EXPECT_EQ(std::memcmp(tensor.raw(), file->tensors[i].second.raw(), tensor.byte_size()), 0) << name;
  }
}

TEST(Safetensors, WhatTheFormatCannotHoldIsRefused) {
  Scratch scratch;
  const std::vector<std::pair<std::string, Tensor>> text{{"t", Tensor(DType::string, {1})}};
  expect_failure(save_safetensors(scratch / "t", text), "no type for string");
  const std::vector<std::pair<std::string, Tensor>> twice{{"t", Tensor(DType::int8, {1})}, {"t", Tensor(DType::float32, {1})}};
  expect_failure(save_safetensors(scratch / "t", twice), "two tensors are named 't'");
}

Result<Safetensors> with_header(std::string header, size_t data) {
  std::string file(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  file += header + std::string(data, '\1');
  auto owner = std::make_shared<std::string>(std::move(file));
  return parse_safetensors(bytes_of(*owner), owner);
}

TEST(Safetensors, LyingHeadersAreRefused) {
  EXPECT_TRUE(with_header(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4));
  expect_failure(with_header(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 3), "data_offsets [0,4] in 3 bytes");
  expect_failure(with_header(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[-1,3]}})", 4), "data_offsets [-1,3]");
  expect_failure(with_header(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}})", 4), "data_offsets [4,0]");
  expect_failure(with_header(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,4]}})", 4), "needs 16 bytes, not 4");
  expect_failure(with_header(R"({"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}})", 4), "negative");
  expect_failure(with_header(R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 4), "2^63");
  expect_failure(with_header(R"({"a":{"dtype":"X8","shape":[4],"data_offsets":[0,4]}})", 4), "'X8' is unknown");
  expect_failure(with_header(R"({"a":{"dtype":"U8","shape":[4]}})", 4), "a.data_offsets is missing");
  expect_failure(with_header(R"({"a":{"dtype":"U8","shape":"4","data_offsets":[0,4]}})", 4), "a.shape: expected a list");
  expect_failure(with_header("[]", 0), "expected an object");
  expect_failure(with_header("{", 0), "line 1");
}

TEST(Safetensors, OverlapsAndHolesAreRefused) {
  expect_failure(
      with_header(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})", 6),
      "'b' starts at 2");
  expect_failure(
      with_header(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}})", 6),
      "'b' starts at 4");
  expect_failure(with_header(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 3), "tensors take 2 bytes");
}

TEST(Safetensors, HeaderLengthIsBounded) {
  expect_failure(parse_safetensors(bytes_of("1234567"), nullptr), "7 bytes");
  expect_failure(parse_safetensors(bytes_of(std::string(16, '\xff')), nullptr),
                 "the header is said to take 18446744073709551615 bytes, 8 follow");
}

TEST(Safetensors, DamagedFilesGiveAResultOrAnError) {
  const MappedFile file = golden("tensors.safetensors");
  size_t errors = 0;
  for (size_t length = 0; length < file.bytes().size(); length += length < 1100 ? 1 : 7) {
    auto prefix = std::make_shared<std::vector<std::byte>>(file.bytes().begin(), file.bytes().begin() + static_cast<ptrdiff_t>(length));
    EXPECT_FALSE(parse_safetensors(*prefix, prefix)) << length;  // no prefix is whole
    ++errors;
  }
  EXPECT_GT(errors, 1000u);
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    auto damaged = std::make_shared<std::vector<std::byte>>(file.bytes().begin(), file.bytes().end());
    (*damaged)[random() % damaged->size()] ^= static_cast<std::byte>(1u << random() % 8);
    if (const auto read = parse_safetensors(*damaged, damaged))
      for (const auto& [name, tensor] : read->tensors) reals(tensor);
  }
}

TEST(SafetensorsDirectory, ShardsAreJoined) {
  const auto weights = load_safetensors_directory(golden_path("sharded"));
  ASSERT_TRUE(weights) << weights.error().what();
  EXPECT_EQ(reals(*weights->find("a")), (std::vector<double>{1, 2}));
  EXPECT_EQ(reals(*weights->find("b")), (std::vector<double>{3}));
}

TEST(SafetensorsDirectory, LinksOfAHuggingFaceCacheAreFollowed) {
  Scratch scratch;
  std::filesystem::create_directories(scratch / "blobs");
  std::filesystem::create_directories(scratch / "snapshots/1");
  for (const auto& entry : std::filesystem::directory_iterator(golden_path("sharded"))) {
    const std::string name = entry.path().filename().string();
    std::filesystem::copy_file(entry.path(), scratch / ("blobs/" + name + ".blob"));
    std::filesystem::create_symlink("../../blobs/" + name + ".blob", scratch / ("snapshots/1/" + name));
  }
  const auto weights = load_safetensors_directory(scratch / "snapshots/1");
  ASSERT_TRUE(weights) << weights.error().what();
  EXPECT_EQ(weights->tensors.size(), 2u);
}

TEST(SafetensorsDirectory, AnIndexNamesFilesOfItsDirectoryOnly) {
  Scratch scratch;
  for (const char* shard : {"../x.safetensors", "/etc/passwd", "a/b", "", ".."}) {
    std::ofstream(scratch / "model.safetensors.index.json") << R"({"weight_map":{"a":")" << shard << "\"}}";
    expect_failure(load_safetensors_directory(scratch.path()), "is not a file name");
  }
  std::filesystem::copy_file(golden_path("tensors.safetensors"), scratch / "x.safetensors");
  std::ofstream(scratch / "model.safetensors.index.json") << R"({"weight_map":{"a":"x.safetensors"}})";
  expect_failure(load_safetensors_directory(scratch.path()), "'a' is not in x.safetensors");
}

TEST(SafetensorsDirectory, WithoutAnIndexTheOneFileIsRead) {
  Scratch scratch;
  EXPECT_FALSE(load_safetensors_directory(scratch.path()));
  std::filesystem::copy_file(golden_path("tensors.safetensors"), scratch / "model.safetensors");
  EXPECT_TRUE(load_safetensors_directory(scratch.path()));
}

}  // namespace
}  // namespace nacre

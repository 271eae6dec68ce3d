// Packed weights of one process serve the next one, and only when they are what it would have packed.
#include "backends/native/packs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "backends/native/contraction.h"
#include "runtime/session_state.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;
namespace fs = std::filesystem;

constexpr int64_t kDepth = 300, kColumns = 260;

std::vector<float> ramp(int64_t size, int seed) {
  std::vector<float> out(static_cast<size_t>(size));
  for (size_t i = 0; i < out.size(); ++i) out[i] = float(int((i * 37 + size_t(seed)) % 101) - 50) / 64;
  return out;
}

ModelMaker product(int seed) {
  ModelMaker m;
  m.input("x", DType::float32, {"n", kDepth}).output("y", DType::float32, {"n", kColumns});
  m.constant("w", floats({kDepth, kColumns}, ramp(kDepth * kColumns, seed)));
  m.node("MatMul", {"x", "w"}, {"y"}, {}, "", "product");
  return m;
}

class Packs : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / cat("packs-", ::getpid());
    fs::remove_all(root_);
    fs::create_directories(root_);
    ::setenv("NACRE_CACHE_DIR", (root_ / "cache").c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("NACRE_CACHE_DIR");
    fs::remove_all(root_);
  }
  std::string save(int seed) const {
    const std::string path = (root_ / "model.onnx").string();
    const std::vector<std::byte> bytes = product(seed).bytes();
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    return path;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(root_ / "cache" / "packed"))
      if (entry.path().extension() == ".kept") out.push_back(entry.path());
    return out;
  }
  static std::vector<float> run(const std::string& path, const char* backend = "native") {
    const Session session = Session::load(path, {.backends = {backend}, .threads = 2});
    const Outputs out = session.run({{"x", floats({2, kDepth}, ramp(2 * kDepth, 5))}});
    const auto values = out["y"].data<float>();
    return {values.begin(), values.end()};
  }
  fs::path root_;
};

TEST_F(Packs, TheNextSessionMapsThemAndGivesTheSameBits) {
  const std::string path = save(1);
  const std::vector<float> cold = run(path);
  ASSERT_EQ(files().size(), 1u);
  const auto written = fs::last_write_time(files()[0]);
  EXPECT_EQ(run(path), cold);
  EXPECT_EQ(fs::last_write_time(files()[0]), written) << "packed again";
  const std::vector<float> expected = run(path, "reference");
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(cold[i], expected[i], 1e-4) << i;
}

TEST_F(Packs, WhatIsMappedIsWhatWasKept) {
  run(save(1));
  // The cache's own secret seals what is put there instead: its bytes are what the run must read.
  const auto disk = DiskCache::open(kPackedWeights);
  const native::PackCache cache(disk);
  const std::vector<float> source = ramp(kDepth * kColumns, 1);
  int made = 0;
  for (int round = 0; round < 2; ++round) {
    const auto panels = cache.floats(std::as_bytes(std::span(source)), "of this test", 20'000, [&](float* out) -> Result<void> {
      std::fill_n(out, 20'000, 3.0f);
      ++made;
      return {};
    });
    ASSERT_TRUE(panels);
    EXPECT_EQ(panels->data<float>()[19'999], 3.0f);
  }
  EXPECT_EQ(made, 1);
}

TEST_F(Packs, AModelThatChangedInPlaceIsPackedAgain) {
  const std::vector<float> before = run(save(1));
  const std::string path = save(2);
  const std::vector<float> after = run(path);
  EXPECT_NE(after, before);
  const std::vector<float> expected = run(path, "reference");
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(after[i], expected[i], 1e-4) << i;
}

TEST_F(Packs, DamagedFilesAreReplaced) {
  const std::string path = save(1);
  const std::vector<float> cold = run(path);
  const fs::path file = files().at(0);
  for (int64_t at : {int64_t{20}, int64_t{5000}}) {
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(at).put('!');
    EXPECT_EQ(run(path), cold);
    EXPECT_EQ(run(path), cold);
  }
  fs::resize_file(file, 4096);
  EXPECT_EQ(run(path), cold);
  EXPECT_GT(fs::file_size(file), 300'000u);
}

TEST_F(Packs, ADirectoryThatCannotBeWrittenSwitchesThemOff) {
  std::ofstream(root_ / "cache") << "a file is in the way";
  const std::string path = save(1);
  const std::vector<float> values = run(path);
  const std::vector<float> expected = run(path, "reference");
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(values[i], expected[i], 1e-4) << i;
}

// The order of packed floats, by instruction set. Whoever changes it raises kPackLayout and writes the new line here: kept files
// of earlier programs would be read in the wrong order otherwise. Sets that add products of 8-bit integers (avx512_vnni) keep the order of
// floats.
TEST(PackLayout, IsTheOneOfItsNumber) {
  struct Line {
    int layout;
    std::string_view isa;
    uint64_t low;
  };
  constexpr Line kLines[] = {{1, "avx512", 1085067557354483133u}, {1, "avx2", 922822218138438180u}, {1, "portable", 1009300151029429792u}};
  const KeyedHash hash(KeyedHash::Secret{});
  const std::vector<float> b = ramp(37 * 75, 3);
  for (const native::Kernels* k : native::available_kernels()) {
    std::vector<float> packed(static_cast<size_t>(k->gemm_packed_size(37, 75)) * 2);
    k->gemm_pack(b.data(), 75, false, 37, 75, packed.data(), 0, 75);
    k->gemm_pack(b.data(), 37, true, 37, 75, packed.data() + packed.size() / 2, 0, 75);
    const uint64_t low = hash.of(std::as_bytes(std::span(packed))).low;
    bool known = false;
    for (const Line& line : kLines)
      known |= line.layout == native::kPackLayout && std::string_view(k->isa).starts_with(line.isa) && line.low == low;
    EXPECT_TRUE(known) << "{" << native::kPackLayout << ", \"" << k->isa << "\", " << low << "u}";
  }
}

}  // namespace
}  // namespace nacre

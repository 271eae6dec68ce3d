// A kernel's object may define nothing that another instruction set's object, or the rest of the library, could share.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "backends/native/kernels/kernels.h"
#include "core/cpu.h"

namespace nacre {
namespace {

std::vector<std::string> lines_of(const std::string& command) {
  std::vector<std::string> lines;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return lines;
  char line[4096];
  while (std::fgets(line, sizeof line, pipe)) lines.emplace_back(line);
  pclose(pipe);
  return lines;
}

std::vector<std::filesystem::path> objects_of(const std::string& isa) {
  std::vector<std::filesystem::path> found;
  std::filesystem::path folder = std::filesystem::path(NACRE_BINARY_DIR) / "CMakeFiles" / ("nacre_kernels_" + isa + ".dir");
  if (!std::filesystem::exists(folder)) return found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".o") found.push_back(entry.path());
  return found;
}

TEST(KernelSymbols, NoObjectDefinesASymbolOutsideItsOwnNamespace) {
  for (const char* isa : {"portable", "avx2", "avx512", "neon"}) {
    if (!native::kernels_for(isa)) continue;
    auto objects = objects_of(isa);
    ASSERT_FALSE(objects.empty()) << isa;
    for (const auto& object : objects) {
      auto lines = lines_of("nm -C --defined-only --extern-only '" + object.string() + "'");
      ASSERT_FALSE(lines.empty()) << "nm found nothing in " << object;
      for (const std::string& line : lines)
        if (line.find("_asan_") == std::string::npos)  // the sanitizer's own marks
          EXPECT_NE(line.find("nacre::" + std::string(isa) + "::"), std::string::npos) << object << ": " << line;
    }
  }
}

TEST(KernelSymbols, NoObjectHoldsAWeakSymbol) {
  for (const char* isa : {"portable", "avx2", "avx512", "neon"})
    for (const auto& object : objects_of(isa))
      for (const std::string& line : lines_of("nm -C --defined-only '" + object.string() + "'"))
        EXPECT_FALSE(line.size() > 17 && std::string("WVu").find(line[17]) != std::string::npos) << object << ": " << line;
}

TEST(KernelTables, EveryEntryIsFilled) {
  for (const native::Kernels* k : native::available_kernels()) {
    for (auto kernel : k->unary) EXPECT_TRUE(kernel) << k->isa;
    for (auto kernel : k->binary) EXPECT_TRUE(kernel) << k->isa;
    for (auto kernel : k->reduce) EXPECT_TRUE(kernel) << k->isa;
    EXPECT_TRUE(k->conv_codes && k->depthwise_codes_size && k->depthwise_codes_pack && k->depthwise_codes && k->binary_codes) << k->isa;
    EXPECT_TRUE(k->pool_codes && k->dequantize) << k->isa;
    EXPECT_TRUE(k->integer_packed_size && k->integer_pack && k->integer_gemm && k->range_with_zero && k->quantize) << k->isa;
    EXPECT_TRUE(k->gemm && k->softmax && k->attention && k->conv && k->depthwise && k->pool) << k->isa;
    EXPECT_EQ(native::kernels_for(k->isa), k);
  }
  EXPECT_EQ(native::kernels_for("abacus"), nullptr);
}

TEST(KernelTables, TheChosenOneIsTheBestThatTheKnobLeaves) {
  for (const native::Kernels* k : native::available_kernels())
    if (k->isa == std::string("avx2_vnni") ? cpu().features.avx_vnni : *parse_isa(k->isa) <= cpu().isa) {
      EXPECT_EQ(&native::kernels(), k) << "available tables come best first";
      return;
    }
  FAIL() << "the portable table runs everywhere";
}

}  // namespace
}  // namespace nacre

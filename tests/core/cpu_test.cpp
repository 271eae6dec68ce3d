#include "core/cpu.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "core/knobs.h"
#include "core/log.h"
#include "core/os/library.h"
#include "core/os/memory.h"

namespace nacre {
namespace {

// The kernel's own reading of CPUID and XCR0 is the independent judge.
std::set<std::string> flags_of_kernel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

TEST(Cpu, FeaturesAreThoseTheKernelLists) {
  const std::set<std::string> flags = flags_of_kernel();
  if (!flags.contains("sse4_2")) return;  // not an x86 Linux
  const CpuFeatures f = detect_features();
  const std::pair<const char*, bool> rows[] = {{"avx", f.avx},
                                               {"avx2", f.avx2},
                                               {"fma", f.fma},
                                               {"f16c", f.f16c},
                                               {"bmi2", f.bmi2},
                                               {"avx_vnni", f.avx_vnni},
                                               {"avx512f", f.avx512f},
                                               {"avx512bw", f.avx512bw},
                                               {"avx512dq", f.avx512dq},
                                               {"avx512vl", f.avx512vl},
                                               {"avx512cd", f.avx512cd},
                                               {"avx512_vnni", f.avx512_vnni},
                                               {"avx512_bf16", f.avx512_bf16},
                                               {"avx512_fp16", f.avx512_fp16},
                                               {"avx512vbmi", f.avx512_vbmi},
                                               {"amx_tile", f.amx_tile},
                                               {"amx_int8", f.amx_int8},
                                               {"amx_bf16", f.amx_bf16}};
  for (const auto& [name, have] : rows) EXPECT_EQ(have, flags.contains(name)) << name;
}

CpuFeatures skylake() {
  CpuFeatures f;
  f.sse42 = f.avx = f.avx2 = f.fma = f.f16c = f.bmi2 = true;
  f.avx512f = f.avx512bw = f.avx512dq = f.avx512vl = true;
  return f;
}

TEST(Cpu, BestSetNeedsEveryFeatureItsKernelsAreCompiledWith) {
  CpuFeatures f = skylake();
  EXPECT_EQ(best_isa(f), Isa::avx512);
  f.avx512_vnni = true;
  EXPECT_EQ(best_isa(f), Isa::avx512_vnni);
  f.amx_tile = f.amx_int8 = f.amx_bf16 = true;
  EXPECT_EQ(best_isa(f), Isa::amx);
  f.avx512vl = false;
  EXPECT_EQ(best_isa(f), Isa::avx2);
  f.f16c = false;
  EXPECT_EQ(best_isa(f), Isa::portable);
}

TEST(Cpu, NacreIsaTakesFeaturesAwayButAddsNone) {
  const CpuInfo lower = choose_isa(skylake(), "avx2");
  EXPECT_EQ(lower.isa, Isa::avx2);
  EXPECT_TRUE(lower.features.fma);
  EXPECT_FALSE(lower.features.avx512f);
  for (const char* impossible : {"amx", "neon", "avx9"}) {
    const CpuInfo same = choose_isa(skylake(), impossible);
    EXPECT_EQ(same.isa, Isa::avx512) << impossible;
    EXPECT_NE(same.isa_reason.find(impossible), std::string::npos) << same.isa_reason;
  }
  EXPECT_EQ(choose_isa(skylake(), std::nullopt).isa_reason, "avx512: the best of this CPU");
  EXPECT_EQ(names_of(choose_isa(skylake(), "portable").features), std::vector<std::string_view>{"sse42"});
}

TEST(Cpu, NacreIsaNamesSetsWithAFeatureThatSomeOfTheirCpusHave) {
  CpuFeatures f = skylake();
  EXPECT_NE(choose_isa(f, "avx2_vnni").isa_reason.find("does not have"), std::string::npos);
  f.avx_vnni = true;
  EXPECT_TRUE(choose_isa(f, "avx2_vnni").features.avx_vnni);
  EXPECT_EQ(choose_isa(f, "avx2_vnni").isa, Isa::avx2);
  EXPECT_FALSE(choose_isa(f, "avx2").features.avx_vnni);
  EXPECT_TRUE(choose_isa(f, "avx512").features.avx_vnni);
  CpuFeatures arm;
  arm.neon = arm.dotprod = arm.i8mm = true;
  EXPECT_FALSE(choose_isa(arm, "neon").features.dotprod);
  EXPECT_TRUE(choose_isa(arm, "neon_dotprod").features.dotprod);
  EXPECT_FALSE(choose_isa(arm, "neon_dotprod").features.i8mm);
  EXPECT_TRUE(choose_isa(arm, "neon_i8mm").features.i8mm);
}

TEST(Cpu, NamesOfSetsReadBack) {
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512_vnni, Isa::amx, Isa::neon})
    EXPECT_EQ(parse_isa(to_string(isa)), isa);
  EXPECT_FALSE(parse_isa("sse"));
}

TEST(Cpu, CachesGrowWithTheirLevel) {
  const CacheSizes caches = cpu().caches;
  if (caches.l1_data && caches.l2) EXPECT_LT(caches.l1_data, caches.l2);
  EXPECT_GE(affinity_cpus(), 1);
  const std::optional<double> quota = cgroup_cpu_quota();
  if (quota) EXPECT_GT(*quota, 0);
}

TEST(Knobs, TableIsInTheOrderOfTheEnum) {
  for (size_t i = 0; i < knobs().size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(knobs()[i].knob), i);
    EXPECT_TRUE(knobs()[i].variable.starts_with("NACRE_"));
    EXPECT_FALSE(knobs()[i].help.empty());
  }
}

TEST(Knobs, ValueThatIsNoNumberIsAnErrorThatNamesTheVariable) {
  ::setenv("NACRE_THREADS", "3", 1);
  EXPECT_EQ(*knob_integer(Knob::threads), 3);
  for (const char* bad : {"many", "3x", "0", "1001", "-1"}) {
    ::setenv("NACRE_THREADS", bad, 1);
    const auto value = knob_integer(Knob::threads, 1, 1000);
    ASSERT_FALSE(value) << bad;
    EXPECT_NE(value.error().message().find("NACRE_THREADS"), std::string::npos);
  }
  ::unsetenv("NACRE_THREADS");
  EXPECT_EQ(*knob_integer(Knob::threads), std::nullopt);
}

TEST(Log, GoesToTheSinkFromItsLevelUpAndNowhereByDefault) {
  std::string seen;
  log_message(LogLevel::error, "nobody listens");
  set_log_sink(
      [](LogLevel level, std::string_view text, void* out) { *static_cast<std::string*>(out) += cat(to_string(level), ": ", text, ";"); },
      &seen);
  log_message(LogLevel::info, "too quiet");
  log_message(LogLevel::warning, "dim ", 3);
  set_log_sink(nullptr);
  log_message(LogLevel::error, "gone");
  EXPECT_EQ(seen, "warning: dim 3;");
}

TEST(Memory, ResidentGrowsWithTouchedPages) {
  const int64_t before = resident_memory();
  std::vector<char> pages(64 << 20, 1);
  EXPECT_GE(resident_memory() - before, (60 << 20)) << pages[12345];
  EXPECT_GE(peak_memory(), resident_memory() - (1 << 20));
  EXPECT_GT(total_memory(), peak_memory());
  const std::optional<int64_t> limit = cgroup_memory_limit();
  if (limit) EXPECT_LT(*limit, total_memory());
}

TEST(Library, MissingLibraryOrSymbolIsNamed) {
  const Result<SharedLibrary> none = SharedLibrary::load("libnacre-no-such.so.9");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::unavailable);
  EXPECT_NE(none.error().message().find("libnacre-no-such.so.9"), std::string::npos);
  Result<SharedLibrary> math = SharedLibrary::load("libm.so.6");
  if (!math) return;  // not a glibc
  EXPECT_NE(math->symbol("nacre_no_such").error().message().find("nacre_no_such"), std::string::npos);
  EXPECT_EQ((*math->function<double(double)>("floor"))(2.5), 2.0);
  EXPECT_NE(math->path("floor").find("libm"), std::string::npos);
}

}  // namespace
}  // namespace nacre

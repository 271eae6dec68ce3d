#include "core/cpu.h"

#include "core/cpu_detect.h"
#include "core/knobs.h"

namespace nacre {
namespace {

constexpr std::string_view kIsaNames[] = {"portable", "avx2", "avx512", "avx512_vnni", "amx", "neon"};

struct FeatureRow {
  std::string_view name;
  bool CpuFeatures::* flag;
  Isa least;  // below this instruction set, NACRE_ISA hides the feature
};

constexpr FeatureRow kFeatures[] = {
    {"sse42", &CpuFeatures::sse42, Isa::portable},
    {"avx", &CpuFeatures::avx, Isa::avx2},
    {"avx2", &CpuFeatures::avx2, Isa::avx2},
    {"fma", &CpuFeatures::fma, Isa::avx2},
    {"f16c", &CpuFeatures::f16c, Isa::avx2},
    {"bmi2", &CpuFeatures::bmi2, Isa::avx2},
    {"avx_vnni", &CpuFeatures::avx_vnni, Isa::avx2},
    {"avx512f", &CpuFeatures::avx512f, Isa::avx512},
    {"avx512bw", &CpuFeatures::avx512bw, Isa::avx512},
    {"avx512dq", &CpuFeatures::avx512dq, Isa::avx512},
    {"avx512vl", &CpuFeatures::avx512vl, Isa::avx512},
    {"avx512cd", &CpuFeatures::avx512cd, Isa::avx512},
    {"avx512_vnni", &CpuFeatures::avx512_vnni, Isa::avx512_vnni},
    {"avx512_bf16", &CpuFeatures::avx512_bf16, Isa::avx512_vnni},
    {"avx512_fp16", &CpuFeatures::avx512_fp16, Isa::avx512_vnni},
    {"avx512_vbmi", &CpuFeatures::avx512_vbmi, Isa::avx512_vnni},
    {"amx_tile", &CpuFeatures::amx_tile, Isa::amx},
    {"amx_int8", &CpuFeatures::amx_int8, Isa::amx},
    {"amx_bf16", &CpuFeatures::amx_bf16, Isa::amx},
    {"neon", &CpuFeatures::neon, Isa::neon},
    {"dotprod", &CpuFeatures::dotprod, Isa::neon},
    {"i8mm", &CpuFeatures::i8mm, Isa::neon},
    {"bf16", &CpuFeatures::bf16, Isa::neon},
    {"fp16", &CpuFeatures::fp16, Isa::neon},
    {"sve", &CpuFeatures::sve, Isa::neon},
};

/// Sets with a feature that some of their CPUs have: NACRE_ISA takes these names too, and the set's own name leaves the features out.
struct Variant {
  std::string_view name;
  Isa isa;
  bool CpuFeatures::* feature;
};
constexpr Variant kVariants[] = {{"avx2_vnni", Isa::avx2, &CpuFeatures::avx_vnni},
                                 {"neon_dotprod", Isa::neon, &CpuFeatures::dotprod},
                                 {"neon_i8mm", Isa::neon, &CpuFeatures::i8mm}};

const Variant* find_variant(std::string_view name) {
  for (const Variant& variant : kVariants)
    if (variant.name == name) return &variant;
  return nullptr;
}

}  // namespace

std::string_view to_string(Isa isa) noexcept { return kIsaNames[static_cast<size_t>(isa)]; }

std::optional<Isa> parse_isa(std::string_view name) noexcept {
  for (size_t i = 0; i < std::size(kIsaNames); ++i)
    if (kIsaNames[i] == name) return static_cast<Isa>(i);
  return std::nullopt;
}

std::vector<std::string_view> names_of(const CpuFeatures& features) {
  std::vector<std::string_view> out;
  for (const FeatureRow& row : kFeatures)
    if (features.*row.flag) out.push_back(row.name);
  return out;
}

// The features that the kernels of a set are compiled with (cmake/NacreKernels.cmake) must all be there.
Isa best_isa(const CpuFeatures& f) noexcept {
  if (f.neon) return Isa::neon;
  if (!(f.avx2 && f.fma && f.f16c && f.bmi2)) return Isa::portable;
  if (!(f.avx512f && f.avx512bw && f.avx512dq && f.avx512vl)) return Isa::avx2;
  if (!f.avx512_vnni) return Isa::avx512;
  return f.amx_tile && f.amx_int8 && f.amx_bf16 ? Isa::amx : Isa::avx512_vnni;
}

CpuFeatures restricted(CpuFeatures features, Isa isa) noexcept {
  for (const FeatureRow& row : kFeatures)
    if (row.least > isa) features.*row.flag = false;
  return features;
}

CpuInfo choose_isa(const CpuFeatures& features, const std::optional<std::string>& wanted) {
  CpuInfo out;
  out.features = features;
  out.isa = best_isa(features);
  if (!wanted) {
    out.isa_reason = cat(to_string(out.isa), ": the best of this CPU");
    return out;
  }
  const Variant* variant = find_variant(*wanted);
  const std::optional<Isa> asked = variant ? variant->isa : parse_isa(*wanted);
  const bool is_foreign = asked == Isa::neon && out.isa != Isa::neon;
  if (!asked || is_foreign || *asked > out.isa || (variant && !(features.*variant->feature))) {
    out.isa_reason =
        cat(to_string(out.isa), ": NACRE_ISA asks for \"", *wanted, "\", which ", asked ? "this CPU does not have" : "is unknown");
    return out;
  }
  out.isa_reason = cat(*wanted, ": NACRE_ISA (this CPU has ", to_string(out.isa), ")");
  out.isa = *asked;
  out.features = restricted(features, *asked);
  for (const Variant& other : kVariants)
    if (other.isa == *asked && (!variant || &other > variant)) out.features.*other.feature = false;
  return out;
}

const CpuInfo& cpu() {
  static const CpuInfo info = [] {
    CpuInfo out = choose_isa(detect_features(), knob_text(Knob::isa));
    out.model = detect_model();
    out.caches = cache_sizes();
    return out;
  }();
  return info;
}

}  // namespace nacre

#include "importers/huggingface/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nacre {
namespace {

using Frequencies = std::vector<double>;

Frequencies plain(int64_t size, double theta) {
  Frequencies out(static_cast<size_t>(size / 2));
  for (size_t i = 0; i < out.size(); ++i) out[i] = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(size));
  return out;
}

std::vector<float> narrowed(const Frequencies& wide) { return {wide.begin(), wide.end()}; }

struct Scaling {
  const Json& json;  ///< rope_scaling
  int64_t size, positions;
  double theta, factor;
};

Result<Rope> linear(const Scaling& s) {
  Frequencies out = plain(s.size, s.theta);
  for (double& each : out) each /= s.factor;
  return Rope{.frequencies = narrowed(out)};
}

Result<Rope> dynamic(const Scaling& s) {
  if (s.size < 4) return fail(ErrorCode::invalid_model, "dynamic rope_scaling of heads of size ", s.size, ", expected 4 or more");
  return Rope{.frequencies = narrowed(plain(s.size, s.theta)), .growth = s.factor, .positions = s.positions};
}

/// https://kexue.fm/archives/9706, as Alibaba-NLP/new-impl has it: the base times the factor, and all of it slower once more.
Result<Rope> ntk(const Scaling& s) {
  if (s.json.has("mixed_b")) return fail(ErrorCode::unsupported, "rope_scaling.mixed_b is set, expected null");
  if (s.factor <= 1) return Rope{.frequencies = narrowed(plain(s.size, s.theta))};
  Frequencies out = plain(s.size, s.theta * s.factor);
  for (double& each : out) each /= std::pow(s.factor, 2.0 / static_cast<double>(s.size));
  return Rope{.frequencies = narrowed(out)};
}

/// Llama 3.1: slow frequencies are divided, quick ones kept, those between are mixed.
Result<Rope> llama3(const Scaling& s) {
  const double low = NACRE_TRY(s.json.real("low_freq_factor")), high = NACRE_TRY(s.json.real("high_freq_factor"));
  const double before = NACRE_TRY(s.json.real("original_max_position_embeddings"));
  if (low == high) return fail(ErrorCode::invalid_model, "rope_scaling: low_freq_factor and high_freq_factor are both ", low);
  Frequencies out = plain(s.size, s.theta);
  for (double& each : out) {
    const double wave = 2 * std::numbers::pi / each;
    const double smooth = std::clamp((before / wave - low) / (high - low), 0.0, 1.0);
    each = (1 - smooth) * each / s.factor + smooth * each;
  }
  return Rope{.frequencies = narrowed(out)};
}

double yarn_magnitude(double factor, double weight) { return factor <= 1 ? 1 : 0.1 * weight * std::log(factor) + 1; }

/// https://arxiv.org/abs/2309.00071: between two bounds on the turns within the trained length, plain and divided frequencies are mixed.
Result<Rope> yarn(const Scaling& s) {
  const double fast = NACRE_TRY(s.json.real("beta_fast", 32.0)), slow = NACRE_TRY(s.json.real("beta_slow", 1.0));
  const auto trained = static_cast<double>(NACRE_TRY(s.json.integer("original_max_position_embeddings", s.positions)));
  const double weight = NACRE_TRY(s.json.real("mscale", 0.0)), all = NACRE_TRY(s.json.real("mscale_all_dim", 0.0));
  const auto size = static_cast<double>(s.size);
  const auto turns_at = [&](double turns) { return size * std::log(trained / (turns * 2 * std::numbers::pi)) / (2 * std::log(s.theta)); };
  const bool whole = NACRE_TRY(s.json.boolean("truncate", true));
  const double from = whole ? std::floor(turns_at(fast)) : turns_at(fast), to = whole ? std::ceil(turns_at(slow)) : turns_at(slow);
  const double low = std::max(from, 0.0), high = std::min(to, size - 1);
  Frequencies out = plain(s.size, s.theta);
  for (size_t i = 0; i < out.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high == low ? 0.001 : high - low), 0.0, 1.0);
    out[i] = out[i] / s.factor * ramp + out[i] * (1 - ramp);
  }
  const double both =
      weight != 0 && all != 0 ? yarn_magnitude(s.factor, weight) / yarn_magnitude(s.factor, all) : yarn_magnitude(s.factor, 1);
  return Rope{.frequencies = narrowed(out), .scale = NACRE_TRY(s.json.real("attention_factor", both))};
}

Result<std::vector<float>> divided(const Scaling& s, const char* name) {
  const std::vector<Json> by = NACRE_TRY(NACRE_TRY(s.json.at(name)).elements());
  Frequencies out = plain(s.size, s.theta);
  if (by.size() != out.size())
    return fail(ErrorCode::invalid_model, "rope_scaling.", name, " has ", by.size(), " numbers, expected ", out.size());
  for (size_t i = 0; i < out.size(); ++i) out[i] /= NACRE_TRY(by[i].real());
  return narrowed(out);
}

/// https://arxiv.org/abs/2402.13753: a divisor for each frequency, other ones for long sequences.
Result<Rope> longrope(const Scaling& s, const Json& config) {
  Rope out{.frequencies = NACRE_TRY(divided(s, "short_factor")), .far = NACRE_TRY(divided(s, "long_factor"))};
  out.positions = NACRE_TRY(config.integer("original_max_position_embeddings", s.positions));
  if (out.positions < 2) return fail(ErrorCode::invalid_model, "original_max_position_embeddings is ", out.positions);
  const bool stated = config.has("original_max_position_embeddings");
  const double factor = stated ? static_cast<double>(s.positions) / static_cast<double>(out.positions) : s.factor;
  const double usual = factor <= 1 ? 1 : std::sqrt(1 + std::log(factor) / std::log(static_cast<double>(out.positions)));
  out.scale = NACRE_TRY(s.json.real("attention_factor", usual));
  return out;
}

struct Settings {
  Json json;  ///< may be null: no scaling
  double theta;
};

Result<Settings> read_settings(const Json& config, const RopeDefaults& defaults) {
  Settings out{{}, NACRE_TRY(config.real("rope_theta", defaults.theta))};
  if (config.has("rope_scaling")) out.json = NACRE_TRY(config.at("rope_scaling"));
  if (!config.has("rope_parameters")) return out;
  out.json = NACRE_TRY(config.at("rope_parameters"));
  if (!defaults.kind.empty() && out.json.has(defaults.kind)) out.json = NACRE_TRY(out.json.at(defaults.kind));
  out.theta = NACRE_TRY(out.json.real("rope_theta", out.theta));
  return out;
}

}  // namespace

Rope plain_rope(int64_t size, double theta) { return {.frequencies = narrowed(plain(size, theta))}; }

Result<Rope> read_rope(const Json& config, const RopeDefaults& defaults) {
  const Settings settings = NACRE_TRY(read_settings(config, defaults));
  if (defaults.size < 2 || defaults.size % 2 != 0)
    return fail(ErrorCode::invalid_model, "a head's size ", defaults.size, " has no halves to rotate");
  if (!(settings.theta > 0)) return fail(ErrorCode::invalid_model, "rope_theta is ", settings.theta);
  for (const Json* place : {&config, &settings.json})
    if (place->is_object() && NACRE_TRY(place->real("partial_rotary_factor", 1.0)) != 1.0)
      return fail(ErrorCode::unsupported, "partial_rotary_factor: expected 1");
  if (!settings.json.is_object()) return plain_rope(defaults.size, settings.theta);
  const std::string_view old = NACRE_TRY(settings.json.text("type", "default")), kind = NACRE_TRY(settings.json.text("rope_type", old));
  if (kind == "default") return plain_rope(defaults.size, settings.theta);
  const Scaling s{settings.json, defaults.size, NACRE_TRY(config.integer("max_position_embeddings", 2048)), settings.theta,
                  NACRE_TRY(settings.json.real("factor", 1.0))};
  if (!(s.factor > 0) || s.positions < 2)
    return fail(ErrorCode::invalid_model, "rope_scaling.factor ", s.factor, " for ", s.positions, " positions");
  if (kind == "linear") return linear(s);
  if (kind == "dynamic") return dynamic(s);
  if (kind == "yarn") return yarn(s);
  if (kind == "longrope" || kind == "su") return longrope(s, config);
  if (kind == "llama3") return llama3(s);
  if (kind == "ntk") return ntk(s);
  return fail(ErrorCode::unsupported, "rope_scaling \"", kind, "\"; known: default, linear, dynamic, yarn, longrope, llama3, ntk");
}

namespace {

Edge row(Builder& b, const std::vector<float>& values) {
  Tensor out(DType::float32, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), out.mutable_data<float>().begin());
  return b.constant(std::move(out));
}

/// frequency * s^(-2i / (size - 2)) with s = growth * length / positions - (growth - 1): theta times s^(size / (size - 2)).
Edge grown(Builder& b, const Rope& rope, Edge frequencies, Edge length) {
  const Edge most = b.add("Max", {b.cast(length, DType::float32), b.constant(Tensor::scalar(static_cast<float>(rope.positions)))});
  const Edge share = b.mul(most, b.scalar(rope.growth / static_cast<double>(rope.positions), most));
  const Edge base = b.sub(share, b.scalar(rope.growth - 1, share));
  std::vector<float> powers(rope.frequencies.size());
  const double size = 2 * static_cast<double>(powers.size());
  for (size_t i = 0; i < powers.size(); ++i) powers[i] = static_cast<float>(-2.0 * static_cast<double>(i) / (size - 2));
  return b.mul(frequencies, b.pow(base, row(b, powers)));
}

}  // namespace

RotaryAngles rotary_angles(Builder& b, const Rope& rope, Edge places, Edge length) {
  Edge frequencies = row(b, rope.frequencies);
  if (rope.growth > 0) frequencies = grown(b, rope, frequencies, length);
  if (!rope.far.empty())
    frequencies = b.where(b.add("Greater", {length, b.constant(Tensor::scalar<int64_t>(rope.positions))}), row(b, rope.far), frequencies);
  const Edge angles = b.mul(b.cast(b.unsqueeze(places, {1}), DType::float32), frequencies);
  const auto scaled = [&](Edge x) { return rope.scale == 1 ? x : b.mul(x, b.scalar(rope.scale, x)); };
  return {scaled(b.add("Cos", {angles})), scaled(b.add("Sin", {angles}))};
}

Edge rotate(Builder& b, Edge x, const RotaryAngles& angles) {
  const auto halves = b.add_many("Split", {x}, 2, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
  const Edge first = b.sub(b.mul(halves[0], angles.cosine), b.mul(halves[1], angles.sine));
  const Edge second = b.add(b.mul(halves[1], angles.cosine), b.mul(halves[0], angles.sine));
  return b.add("Concat", {first, second}, {{"axis", int64_t{-1}}});
}

}  // namespace nacre

#include "importers/huggingface/relative.h"

#include <algorithm>
#include <cmath>

namespace nacre {
namespace {

/// Half of them for either side; distances from a quarter on share theirs by logarithm, up to the furthest. In float, as torch computes
/// them: the last bit decides at the borders.
int64_t bucket_of(int64_t distance, const RelativeBuckets& settings) {
  const int64_t half = settings.buckets / 2, exact = half / 2, away = std::abs(distance);
  const int64_t side = distance > 0 ? half : 0;
  if (away < exact) return side + away;
  const double range = std::log(static_cast<double>(settings.furthest) / static_cast<double>(exact));
  const float share = std::log(static_cast<float>(away) / static_cast<float>(exact)) / static_cast<float>(range);
  return side + std::min(exact + static_cast<int64_t>(share * static_cast<float>(half - exact)), half - 1);
}

}  // namespace

Edge relative_bias(Encoder& e, const std::string& name, const RelativeBuckets& settings) {
  constexpr int64_t most = 1 << 20;
  if (settings.buckets < 4 || settings.buckets > 4096 || settings.furthest <= settings.buckets / 4 || settings.furthest > most)
    return e.net.fail_with(
               Error(ErrorCode::invalid_model, cat(settings.buckets, " buckets for relative positions up to ", settings.furthest))),
           kAbsent;
  Tensor table(DType::int64, {2 * settings.furthest + 1});  // further ones share the last bucket
  for (int64_t i = 0; i < table.size(); ++i)
    table.mutable_data<int64_t>()[static_cast<size_t>(i)] = bucket_of(settings.furthest - i, settings);
  const Edge places = e.places();
  const Edge distance = e.b.add("Clip", {e.distances(places, places), e.integer(-settings.furthest), e.integer(settings.furthest)});
  const Edge bucket =
      e.b.add("Gather", {e.b.constant(std::move(table)), e.b.add(distance, e.integer(settings.furthest))}, {{"axis", int64_t{0}}});
  const Edge bias = e.net.embed(bucket, name + ".weight", settings.buckets, e.c.heads);
  return e.b.unsqueeze(e.b.transpose(bias, {2, 0, 1}), {0});
}

Edge scores_by_row(Encoder& e, Edge x, Edge table, Edge rows) {
  const Edge all = e.b.matmul(x, e.b.transpose(table, {0, 2, 1}));
  const Edge outer = e.b.add("Slice", {e.b.add("Shape", {x}), e.b.ints({0}), e.b.ints({3})});
  const Edge length = e.b.add("Slice", {e.shape, e.b.ints({1}), e.b.ints({2})});
  const Edge wide = e.b.add("Expand", {rows, e.b.add("Concat", {outer, length}, {{"axis", int64_t{0}}})});
  return e.b.add("GatherElements", {all, wide}, {{"axis", int64_t{-1}}});
}

}  // namespace nacre

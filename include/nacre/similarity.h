// How alike vectors are, and the nearest of many: exact, over rows of a float32 matrix.
//
//     std::vector<float> a{1, 0}, b{0.6f, 0.8f};
//     double cosine = nacre::similarity(a, b, nacre::Metric::cosine);            // 0.6
//     auto rows = nacre::Tensor::of<float>({2, 2}, {1, 0, 0.6f, 0.8f});
//     for (const nacre::Neighbour& each : nacre::nearest(rows, b, 1, nacre::Metric::cosine))
//       std::cout << each.index << " " << each.score << "\n";                    // 1 1
//
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "nacre/tensor.h"

namespace nacre {

/// All grow with likeness: distances are negated.
enum class Metric : uint8_t { cosine, dot, euclidean, manhattan };

/// Of vectors of one length; throws Error (invalid_argument) otherwise. The cosine of a zero vector is 0.
double similarity(std::span<const float> a, std::span<const float> b, Metric metric);

struct Neighbour {
  size_t index = 0;
  double score = 0;
};
/// The `count` rows of `rows` [n, width] most like `query`, best first, equal ones in order. Throws Error (invalid_argument).
std::vector<Neighbour> nearest(const Tensor& rows, std::span<const float> query, size_t count, Metric metric);

/// Vectors with their texts and ids, in one file that is mapped when it is opened.
struct VectorIndex {
  Tensor vectors;                  ///< float32 [n, width]
  std::vector<std::string> texts;  ///< n of them
  std::vector<std::string> ids;    ///< as JSON; empty strings where there is none

  /// Throws Error. Written in one step: nobody sees a part.
  void save(const std::filesystem::path& path) const;
  /// Throws Error (invalid_model) for a file that is no such index.
  static VectorIndex open(const std::filesystem::path& path);
};

/// Which group each vector is in, from 0 on; -1: noise.
using Groups = std::vector<int64_t>;

/// Lloyd's algorithm from k-means++ starts; the same seed gives the same groups. Throws Error unless 1 <= k <= rows.
struct KMeans {
  Groups groups;
  Tensor centres;      ///< float32 [k, width]
  double inertia = 0;  ///< sum of squared distances to the centres
};
KMeans k_means(const Tensor& rows, size_t k, uint64_t seed = 0, size_t most_steps = 100);

enum class Linkage : uint8_t { single, complete, average, ward };
/// Joins the nearest groups until `groups` are left, or, when `threshold` is above 0, until none are nearer than it. Distances are
/// euclidean, or 1 - cosine (not for ward). Takes 8 n^2 bytes: throws Error (resource_exhausted) beyond 10,000 rows.
Groups agglomerate(const Tensor& rows, size_t groups, double threshold, Linkage linkage, Metric metric = Metric::euclidean);

/// Density: a row with `least` rows within `radius`, itself counted, is in a group together with them.
Groups dbscan(const Tensor& rows, double radius, size_t least, Metric metric = Metric::euclidean);

}  // namespace nacre

// Similarity, search and clusters by their definitions, and on the real MiniLM by what must hold there.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <vector>

#include "nacre/similarity.h"

namespace nacre {
namespace {

TEST(Similarity, EveryMetricByItsFormula) {
  std::vector<float> a(37), b(37);
  for (size_t i = 0; i < a.size(); ++i) a[i] = float(i) - 11, b[i] = float((i * 7) % 13);
  double dot = 0, aa = 0, bb = 0, squares = 0, magnitudes = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += double(a[i]) * b[i], aa += double(a[i]) * a[i], bb += double(b[i]) * b[i];
    squares += std::pow(double(a[i]) - b[i], 2), magnitudes += std::abs(double(a[i]) - b[i]);
  }
  EXPECT_DOUBLE_EQ(similarity(a, b, Metric::dot), dot);
  EXPECT_NEAR(similarity(a, b, Metric::cosine), dot / std::sqrt(aa * bb), 1e-14);
  EXPECT_NEAR(similarity(a, b, Metric::euclidean), -std::sqrt(squares), 1e-12);
  EXPECT_DOUBLE_EQ(similarity(a, b, Metric::manhattan), -magnitudes);
  EXPECT_EQ(similarity(std::vector<float>(3), std::vector<float>{1, 2, 3}, Metric::cosine), 0);
  EXPECT_THROW(similarity(a, std::vector<float>(3), Metric::dot), Error);
}

Tensor random_rows(int64_t count, int64_t width, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Tensor out(DType::float32, {count, width});
  for (float& value : out.mutable_data<float>()) value = normal(random);
  return out;
}

TEST(Nearest, IsExactAndKeepsOrderOfEquals) {
  const Tensor rows = random_rows(5000, 33, 1);
  const Tensor query = random_rows(1, 33, 2);
  const auto found = nearest(rows, query.data<float>(), 20, Metric::cosine);
  ASSERT_EQ(found.size(), 20u);
  std::vector<std::pair<double, size_t>> all;
  for (size_t i = 0; i < 5000; ++i)
    all.emplace_back(-similarity(rows.data<float>().subspan(i * 33, 33), query.data<float>(), Metric::cosine), i);
  std::sort(all.begin(), all.end());
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(found[i].index, all[i].second);
  const Tensor same = Tensor::of<float>({4, 1}, {1, 2, 1, 2});
  const auto equal = nearest(same, std::vector<float>{1}, 9, Metric::dot);
  ASSERT_EQ(equal.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(equal[i].index, (std::vector<size_t>{1, 3, 0, 2})[i]);
  EXPECT_THROW(nearest(same, std::vector<float>{1, 2}, 1, Metric::dot), Error);
}

TEST(VectorIndex, ComesBackFromDiskAndRefusesOtherFiles) {
  const auto folder = std::filesystem::temp_directory_path() / ("nacre_index_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  VectorIndex index{random_rows(3, 5, 3), {"one", "", "drei \xc3\xa4"}, {"\"a\"", "", "7"}};
  index.save(folder / "x.safetensors");
  const VectorIndex back = VectorIndex::open(folder / "x.safetensors");
  EXPECT_EQ(back.texts, index.texts);
  EXPECT_EQ(back.ids, index.ids);
  EXPECT_TRUE(std::equal(index.vectors.data<float>().begin(), index.vectors.data<float>().end(), back.vectors.data<float>().begin()));
  std::ofstream(folder / "y.safetensors") << "no index";
  EXPECT_THROW(VectorIndex::open(folder / "y.safetensors"), Error);
  EXPECT_THROW(VectorIndex::open(folder / "nowhere"), Error);
  index.texts.pop_back();
  EXPECT_THROW(index.save(folder / "z.safetensors"), Error);
  std::filesystem::remove_all(folder);
}

/// Three heaps of 2-D points around (0, 0), (10, 0) and (0, 10), and one far away.
Tensor heaps() {
  return Tensor::of<float>({13, 2}, {0,    0,    10,   0,    0,    10,    0.5f, 0.2f,  10.3f, 0.1f,  0.1f,  10.4f, 0.2f,
                                     0.6f, 9.8f, 0.5f, 0.4f, 9.7f, -0.3f, 0.1f, 10.1f, -0.4f, -0.2f, 10.2f, 50,    50});
}
/// Equal up to the names of the groups.
bool same_partition(const Groups& a, const Groups& b) {
  std::set<std::pair<int64_t, int64_t>> pairs;
  std::set<int64_t> left, right;
  for (size_t i = 0; i < a.size(); ++i) pairs.emplace(a[i], b[i]), left.insert(a[i]), right.insert(b[i]);
  return a.size() == b.size() && pairs.size() == left.size() && pairs.size() == right.size();
}
const Groups kHeaps{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 3};

TEST(KMeans, FindsHeapsAndRepeats) {
  const KMeans found = k_means(heaps(), 4);
  EXPECT_TRUE(same_partition(found.groups, kHeaps));
  EXPECT_EQ(k_means(heaps(), 4).groups, found.groups);
  double inertia = 0;
  for (size_t i = 0; i < 13; ++i)
    for (size_t d = 0; d < 2; ++d)
      inertia += std::pow(double(heaps().data<float>()[i * 2 + d]) - found.centres.data<float>()[size_t(found.groups[i]) * 2 + d], 2);
  EXPECT_NEAR(found.inertia, inertia, 1e-5);
  EXPECT_EQ(k_means(heaps(), 13).inertia, 0);
  EXPECT_THROW(k_means(heaps(), 14), Error);
  EXPECT_THROW(k_means(heaps(), 0), Error);
}

TEST(Agglomerate, EveryLinkageFindsHeaps) {
  for (const Linkage linkage : {Linkage::single, Linkage::complete, Linkage::average, Linkage::ward}) {
    EXPECT_TRUE(same_partition(agglomerate(heaps(), 4, 0, linkage), kHeaps)) << int(linkage);
    EXPECT_TRUE(same_partition(agglomerate(heaps(), 0, 3.0, linkage), kHeaps)) << int(linkage);
    EXPECT_EQ(agglomerate(heaps(), 1, 0, linkage), Groups(13, 0));
  }
  EXPECT_THROW(agglomerate(heaps(), 2, 0, Linkage::ward, Metric::cosine), Error);
  EXPECT_TRUE(agglomerate(Tensor(DType::float32, {0, 2}), 2, 0, Linkage::average).empty());
}

// scipy.cluster.hierarchy.fcluster(linkage([0, 1, 3, 6, 10, 15], method), t=3, criterion="maxclust")
TEST(Agglomerate, LinkagesDifferAsScipysDo) {
  const Tensor line = Tensor::of<float>({6, 1}, {0, 1, 3, 6, 10, 15});
  EXPECT_EQ(agglomerate(line, 3, 0, Linkage::single), (Groups{0, 0, 0, 0, 1, 2}));
  EXPECT_EQ(agglomerate(line, 3, 0, Linkage::complete), (Groups{0, 0, 0, 1, 1, 2}));
  EXPECT_EQ(agglomerate(line, 3, 0, Linkage::average), (Groups{0, 0, 0, 1, 1, 2}));
  EXPECT_EQ(agglomerate(line, 3, 0, Linkage::ward), (Groups{0, 0, 0, 1, 1, 2}));
}

TEST(Dbscan, DensityDecidesAndTheRestIsNoise) {
  EXPECT_EQ(dbscan(heaps(), 1.2, 3), (Groups{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, -1}));
  EXPECT_EQ(dbscan(heaps(), 0.01, 2), Groups(13, -1));
  // A border point is in the group that reaches it and leads no further: 0 1 2 are dense, 3.4 is at the edge, 5 is noise.
  EXPECT_EQ(dbscan(Tensor::of<float>({5, 1}, {0, 1, 2, 3.4f, 5}), 1.5, 3), (Groups{0, 0, 0, 0, -1}));
  EXPECT_THROW(dbscan(heaps(), 1, 2, Metric::dot), Error);
}

}  // namespace
}  // namespace nacre

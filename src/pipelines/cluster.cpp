// Groups of vectors: k-means, agglomerative, by density.
#include <algorithm>
#include <cmath>
#include <random>

#include "core/text.h"
#include "core/thread_team.h"
#include "pipelines/vectors.h"

namespace nacre {
namespace {

constexpr size_t kMostRows = 10'000;  // of agglomerate: 800 MB of distances
constexpr int kStarts = 10;           // of k-means, the best of which counts

double distance(const Rows& rows, size_t a, size_t b, Metric metric) {
  const double alike = similarity_of(rows.row(a), rows.row(b), rows.width, metric);
  return metric == Metric::cosine ? 1 - alike : -alike;
}

void check_metric(Metric metric) {
  if (metric == Metric::dot) throw Error(ErrorCode::invalid_argument, "a product is no distance: expected cosine, euclidean or manhattan");
}

/// Groups numbered by their first row.
Groups renumbered(const std::vector<size_t>& roots) {
  Groups out(roots.size(), -1), number(roots.size(), -1);
  int64_t next = 0;
  for (size_t row = 0; row < roots.size(); ++row) {
    if (number[roots[row]] < 0) number[roots[row]] = next++;
    out[row] = number[roots[row]];
  }
  return out;
}

// --- k-means: https://en.wikipedia.org/wiki/K-means%2B%2B ---

class Lloyd {
 public:
  Lloyd(const Rows& rows, size_t k) : rows_(rows), k_(k), groups_(rows.count), nearest_(rows.count) {}

  KMeans run(std::mt19937_64& random, size_t most_steps) {
    choose_starts(random);
    for (size_t step = 0; step < most_steps; ++step) {
      const std::vector<size_t> before = groups_;
      assign();
      if (step > 0 && before == groups_) break;
      move_centres();
    }
    assign();
    KMeans out{.groups = Groups(groups_.begin(), groups_.end()),
               .centres = Tensor::of<float>({int64_t(k_), int64_t(rows_.width)}, std::span<const float>(centres_))};
    for (const double each : nearest_) out.inertia += each;
    return out;
  }

 private:
  const float* centre(size_t group) const { return centres_.data() + group * rows_.width; }
  void add_centre(size_t row) { centres_.insert(centres_.end(), rows_.row(row), rows_.row(row) + rows_.width); }

  /// Each next start is a row, the likelier the farther it is from those before.
  void choose_starts(std::mt19937_64& random) {
    centres_.clear();
    add_centre(random() % rows_.count);
    std::vector<double> far(rows_.count, INFINITY);
    for (size_t group = 1; group < k_; ++group) {
      double total = 0;
      for (size_t row = 0; row < rows_.count; ++row)
        total += far[row] = std::min(far[row], squared_distance(rows_.row(row), centre(group - 1), rows_.width));
      double rest = total * static_cast<double>(random() >> 11) * 0x1p-53;
      size_t row = 0;
      while (row + 1 < rows_.count && (rest -= far[row]) >= 0) ++row;
      add_centre(row);
    }
  }

  void assign() {
    parallel_for(int64_t(rows_.count), 256, [&](int64_t begin, int64_t end, int) {
      for (auto row = size_t(begin); row < size_t(end); ++row) {
        nearest_[row] = INFINITY;
        for (size_t group = 0; group < k_; ++group)
          if (const double d = squared_distance(rows_.row(row), centre(group), rows_.width); d < nearest_[row])
            nearest_[row] = d, groups_[row] = group;
      }
    });
  }

  /// A group without rows takes the row that is farthest from its centre.
  void move_centres() {
    std::vector<double> sums(k_ * rows_.width);
    std::vector<size_t> counts(k_);
    for (size_t row = 0; row < rows_.count; ++row) ++counts[groups_[row]];
    for (size_t group = 0; group < k_; ++group) {
      if (counts[group] > 0) continue;
      size_t far = 0;
      for (size_t row = 0; row < rows_.count; ++row)
        if (counts[groups_[row]] > 1 && (nearest_[row] > nearest_[far] || counts[groups_[far]] < 2)) far = row;
      --counts[groups_[far]], ++counts[group];
      groups_[far] = group, nearest_[far] = 0;
    }
    for (size_t row = 0; row < rows_.count; ++row)
      for (size_t i = 0; i < rows_.width; ++i) sums[groups_[row] * rows_.width + i] += double(rows_.row(row)[i]);
    for (size_t i = 0; i < sums.size(); ++i) centres_[i] = float(sums[i] / double(std::max<size_t>(counts[i / rows_.width], 1)));
  }

  const Rows& rows_;
  size_t k_;
  std::vector<size_t> groups_;
  std::vector<double> nearest_;  // squared distance to the row's centre
  std::vector<float> centres_;
};

// --- agglomerative, by chains of nearest neighbours: https://en.wikipedia.org/wiki/Nearest-neighbor_chain_algorithm ---

struct Merge {
  size_t a, b;  // rows that stand for their groups
  double height;
};

class Agglomerator {
 public:
  Agglomerator(const Rows& rows, Linkage linkage, Metric metric)
      : count_(rows.count), linkage_(linkage), distances_(rows.count * rows.count), sizes_(rows.count, 1) {
    parallel_for(int64_t(count_), 16, [&](int64_t begin, int64_t end, int) {
      for (auto a = size_t(begin); a < size_t(end); ++a)
        for (size_t b = 0; b < count_; ++b) {
          const double d = distance(rows, a, b, metric);
          distances_[a * count_ + b] = linkage == Linkage::ward ? d * d : d;
        }
    });
  }

  std::vector<Merge> run() {
    std::vector<Merge> out;
    std::vector<size_t> chain;
    while (out.size() + 1 < count_) {
      if (chain.empty())
        chain.push_back(size_t(std::find_if(sizes_.begin(), sizes_.end(), [](size_t s) { return s > 0; }) - sizes_.begin()));
      const size_t last = chain.back(), before = chain.size() > 1 ? chain[chain.size() - 2] : count_;
      const size_t next = nearest_to(last, before);
      if (next != before) {
        chain.push_back(next);
        continue;
      }
      chain.resize(chain.size() - 2);
      const double d = distances_[last * count_ + next];
      out.push_back({last, next, linkage_ == Linkage::ward ? std::sqrt(std::max(d, 0.0)) : d});
      merge(last, next);
    }
    return out;
  }

 private:
  /// The one before in the chain wins among equals: else a chain of equal distances would not end.
  size_t nearest_to(size_t group, size_t before) const {
    size_t best = before;
    for (size_t other = 0; other < count_; ++other) {
      if (other == group || sizes_[other] == 0) continue;
      if (best == count_ || distances_[group * count_ + other] < distances_[group * count_ + best]) best = other;
    }
    return best;
  }

  /// The formulas of Lance and Williams; `a` stays for both.
  double joined(double of_a, double of_b, double between, double a, double b, double other) const {
    switch (linkage_) {
      case Linkage::single: return std::min(of_a, of_b);
      case Linkage::complete: return std::max(of_a, of_b);
      case Linkage::average: return (a * of_a + b * of_b) / (a + b);
      case Linkage::ward: break;
    }
    return ((a + other) * of_a + (b + other) * of_b - other * between) / (a + b + other);
  }

  void merge(size_t a, size_t b) {
    const double between = distances_[a * count_ + b];
    for (size_t other = 0; other < count_; ++other) {
      if (sizes_[other] == 0 || other == a || other == b) continue;
      const double d = joined(distances_[a * count_ + other], distances_[b * count_ + other], between, double(sizes_[a]), double(sizes_[b]),
                              double(sizes_[other]));
      distances_[a * count_ + other] = distances_[other * count_ + a] = d;
    }
    sizes_[a] += sizes_[b], sizes_[b] = 0;
  }

  size_t count_;
  Linkage linkage_;
  std::vector<double> distances_;  // squared for ward
  std::vector<size_t> sizes_;      // 0: merged into another
};

size_t root_of(std::vector<size_t>& parents, size_t row) {
  while (parents[row] != row) row = parents[row] = parents[parents[row]];
  return row;
}

}  // namespace

KMeans k_means(const Tensor& tensor, size_t k, uint64_t seed, size_t most_steps) {
  const Rows rows = rows_of(tensor);
  if (k < 1 || k > rows.count) throw Error(ErrorCode::invalid_argument, cat(k, " groups of ", rows.count, " vectors"));
  std::mt19937_64 random(seed);
  KMeans best;
  for (int start = 0; start < kStarts; ++start) {
    KMeans each = Lloyd(rows, k).run(random, most_steps);
    if (start == 0 || each.inertia < best.inertia) best = std::move(each);
  }
  return best;
}

Groups agglomerate(const Tensor& tensor, size_t groups, double threshold, Linkage linkage, Metric metric) {
  const Rows rows = rows_of(tensor);
  check_metric(metric);
  if (linkage == Linkage::ward && metric != Metric::euclidean)
    throw Error(ErrorCode::invalid_argument, "ward takes euclidean distances only");
  if (rows.count > kMostRows)
    throw Error(ErrorCode::resource_exhausted, cat(rows.count, " vectors, the limit is ", kMostRows),
                "k-means and dbscan have no such limit");
  if (rows.count == 0) return {};
  std::vector<Merge> merges = Agglomerator(rows, linkage, metric).run();
  std::sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) { return a.height < b.height; });
  std::vector<size_t> parents(rows.count);
  for (size_t row = 0; row < rows.count; ++row) parents[row] = row;
  size_t left = rows.count;
  for (const Merge& merge : merges) {
    if (threshold > 0 ? merge.height >= threshold : left <= std::max<size_t>(groups, 1)) break;
    parents[root_of(parents, merge.a)] = root_of(parents, merge.b);
    --left;
  }
  for (size_t row = 0; row < rows.count; ++row) parents[row] = root_of(parents, row);
  return renumbered(parents);
}

// https://en.wikipedia.org/wiki/DBSCAN
Groups dbscan(const Tensor& tensor, double radius, size_t least, Metric metric) {
  const Rows rows = rows_of(tensor);
  check_metric(metric);
  std::vector<std::vector<uint32_t>> near(rows.count);
  parallel_for(int64_t(rows.count), 16, [&](int64_t begin, int64_t end, int) {
    for (auto a = size_t(begin); a < size_t(end); ++a)
      for (size_t b = 0; b < rows.count; ++b)
        if (a == b || distance(rows, a, b, metric) <= radius) near[a].push_back(uint32_t(b));
  });
  Groups out(rows.count, -1);
  int64_t group = 0;
  for (size_t start = 0; start < rows.count; ++start) {
    if (out[start] >= 0 || near[start].size() < least) continue;
    std::vector<size_t> open{start};
    out[start] = group;
    while (!open.empty()) {
      const size_t row = open.back();
      open.pop_back();
      if (near[row].size() < least) continue;  // at the edge of the group: it leads no further
      for (const uint32_t other : near[row])
        if (out[other] < 0) out[other] = group, open.push_back(other);
    }
    ++group;
  }
  return out;
}

}  // namespace nacre

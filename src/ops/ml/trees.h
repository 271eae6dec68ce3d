// Decision trees as the three tree operators of ai.onnx.ml walk them.
#pragma once

#include "ops/ml/classes.h"

namespace nacre {

struct Trees {
  enum Mode : int { leq, lt, gte, gt, eq, neq, member };
  struct Split {
    int mode;
    int64_t feature;
    double at;
    bool missing_is_true;
    int64_t if_true, if_false;  // a split, or ~leaf
  };
  struct Vote {
    int64_t target;
    double weight;
  };
  std::vector<Split> splits;
  std::vector<std::vector<double>> members;  // per split, for mode `member`
  std::vector<int64_t> roots;                // a split, or ~leaf
  std::vector<std::vector<Vote>> leaves;

  /// The leaf that a row reaches. A path longer than there are splits runs in a circle.
  Result<size_t> leaf_of(int64_t root, std::span<const double> row) const;
};

/// The trees of TreeEnsembleClassifier (`votes` is "class") and TreeEnsembleRegressor ("target").
Result<Trees> read_node_lists(const Attributes& attributes, std::string_view votes, int64_t targets);

/// Numbers of attribute `name`, or of `name`_as_tensor, which has them in double.
Result<std::vector<double>> numbers_of(const Attributes& attributes, const std::string& name);

enum class Aggregate : uint8_t { average, sum, least, most };

/// A row's votes by target; `voted` tells which targets had any.
struct Tally {
  std::vector<double> sums;
  std::vector<bool> voted;
  Result<void> count(const Trees& trees, Aggregate how, std::span<const double> row);
};

}  // namespace nacre

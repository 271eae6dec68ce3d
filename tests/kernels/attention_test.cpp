#include <algorithm>

#include "tests/kernels/kernel_test.h"

namespace nacre {
namespace {

using kernel_test::Buffer;
using kernel_test::KernelTest;
using kernel_test::kInfinity;
using kernel_test::kNaN;
using native::AttentionArgs;

class Attention : public KernelTest {
 protected:
  struct Problem {
    AttentionArgs args;
    Buffer q, k, v, y, mask, scratch;
  };

  static int64_t extent(int64_t rows, int64_t columns, int64_t stride) { return (rows - 1) * stride + columns; }

  Problem problem(int64_t queries, int64_t keys, int64_t head, int64_t value, int64_t slack = 5) {
    AttentionArgs args;
    args.queries = queries, args.keys = keys, args.head_size = head, args.value_size = value;
    args.q_stride = head + slack, args.k_stride = head + slack, args.v_stride = value + slack, args.y_stride = value + slack;
    args.scale = 1 / std::sqrt(float(head));
    args.mask_stride = keys;
    Problem p{args,
              random.buffer(extent(queries, head, args.q_stride), 3),
              random.buffer(extent(keys, head, args.k_stride), 3),
              random.buffer(extent(keys, value, args.v_stride)),
              Buffer(extent(queries, value, args.y_stride), 7),
              random.buffer(queries * keys),
              Buffer(k.attention_scratch(args), kNaN)};
    p.args.q = p.q.data(), p.args.k = p.k.data(), p.args.v = p.v.data(), p.args.y = p.y.data(), p.args.scratch = p.scratch.data();
    return p;
  }

  static std::vector<double> expected_row(const AttentionArgs& a, int64_t query) {
    std::vector<double> score(a.keys), y(a.value_size);
    double largest = -INFINITY, sum = 0;
    for (int64_t key = 0; key < a.keys; ++key) {
      double s = 0;
      for (int64_t i = 0; i < a.head_size; ++i) s += double(a.q[query * a.q_stride + i]) * a.k[key * a.k_stride + i];
      s *= a.scale;
      if (a.softcap > 0) s = a.softcap * std::tanh(s / a.softcap);
      if (a.mask) s += a.mask[query * a.mask_stride + key];
      int64_t newest = query + a.causal_offset;
      if (a.causal && (key > newest || (a.window > 0 && key <= newest - a.window))) s = -INFINITY;
      largest = std::max(largest, score[key] = s);
    }
    for (double& s : score) sum += s = std::exp(s - largest);
    for (int64_t key = 0; key < a.keys; ++key)
      for (int64_t i = 0; i < a.value_size; ++i) y[i] += score[key] / sum * a.v[key * a.v_stride + i];
    return y;
  }

  void check(Problem& p) {
    k.attention(p.args);
    for (int64_t query = 0; query < p.args.queries; ++query) {
      auto want = expected_row(p.args, query);
      for (int64_t i = 0; i < p.args.value_size; ++i)
        ASSERT_TRUE(std::fabs(p.y[query * p.args.y_stride + i] - want[i]) < 4e-6 ||
                    (std::isnan(want[i]) && std::isnan(p.y[query * p.args.y_stride + i])))
            << p.args.queries << " queries, " << p.args.keys << " keys, " << query;
      if (query + 1 < p.args.queries) EXPECT_EQ(p.y[query * p.args.y_stride + p.args.value_size], 7) << "wrote between rows";
    }
  }
};
NACRE_EVERY_ISA(Attention);

TEST_P(Attention, SizesAroundEveryBlock) {
  for (int64_t queries : {1, 2, 3, 4, 17, 111, 113, 130})
    for (int64_t keys : {1, 5, 16, 33, 255, 256, 257, 600}) {
      Problem p = problem(queries, keys, 32, 32);
      check(p);
    }
}

TEST_P(Attention, HeadAndValueSizesOfAnyKind) {
  for (int64_t head : {1, 7, 16, 64, 80, 130})
    for (int64_t value : {1, 15, 32, 64, 72})
      for (int64_t queries : {1, 20}) {
        Problem p = problem(queries, 40, head, value);
        check(p);
      }
}

TEST_P(Attention, MaskPerQueryAndMaskForAll) {
  for (bool is_shared : {false, true})
    for (int64_t keys : {19, 300}) {
      Problem p = problem(21, keys, 16, 16);
      for (int64_t i = 0; i < p.mask.size(); ++i)
        if (i % 3 == 1) p.mask[i] = -kInfinity;
      p.args.mask = p.mask.data(), p.args.mask_stride = is_shared ? 0 : keys;
      check(p);
    }
}

TEST_P(Attention, LeadingKeysHiddenByTheMask) {
  Problem p = problem(5, 600, 16, 16);
  p.args.mask = p.mask.data();
  for (int64_t query = 0; query < 5; ++query) std::fill(p.mask.data() + query * 600, p.mask.data() + query * 600 + 300 + query, -kInfinity);
  check(p);
}

TEST_P(Attention, CausalWithOffsetAndWindow) {
  for (int64_t offset : {0, 1, 300, 597})
    for (int64_t window : {0, 1, 5, 290})
      for (int64_t queries : {1, 3, 140}) {
        Problem p = problem(queries, 600, 16, 16);
        p.args.causal = true, p.args.causal_offset = offset, p.args.window = window;
        check(p);
      }
}

TEST_P(Attention, SoftcapAndLargeScores) {
  Problem p = problem(9, 50, 16, 16);
  p.args.softcap = 2;
  check(p);
  p = problem(9, 50, 16, 16);
  p.args.scale = 1000;
  k.attention(p.args);
  for (int64_t i = 0; i < 16; ++i) EXPECT_TRUE(std::isfinite(p.y[i]));
}

TEST_P(Attention, PartsOfQueriesMakeTheWhole) {
  Problem p = problem(150, 70, 16, 16);
  p.args.query_begin = 0, p.args.query_end = 40;
  k.attention(p.args);
  EXPECT_EQ(p.y[40 * p.args.y_stride], 7);
  p.args.query_begin = 40, p.args.query_end = -1;
  check(p);
}

TEST_P(Attention, AQueryThatSeesNothingGetsNaNAndOthersDoNot) {
  for (float offset : {-2.0f, -30.0f}) {
    Problem p = problem(20, 20, 16, 16);
    p.args.causal = true, p.args.causal_offset = int64_t(offset);
    k.attention(p.args);
    for (int64_t query = 0; query < 20; ++query)
      EXPECT_EQ(std::isnan(p.y[query * p.args.y_stride]), query + p.args.causal_offset < 0) << query;
  }
}

TEST_P(Attention, NaNInAQueryStaysInItsRow) {
  Problem p = problem(20, 20, 16, 16);
  p.q[3 * p.args.q_stride + 2] = kNaN;
  k.attention(p.args);
  for (int64_t query = 0; query < 20; ++query) EXPECT_EQ(std::isnan(p.y[query * p.args.y_stride]), query == 3) << query;
}

}  // namespace
}  // namespace nacre

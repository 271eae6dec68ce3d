#include "ops/contraction.h"

#include <algorithm>

namespace nacre {
namespace {

constexpr int64_t kTileColumns = 128;

// `Rows` rows against up to kTileColumns columns; the sums stay in the first-level cache.
template <int64_t Rows, class T, class Sum>
void tile(MatrixView<T> a, const T* b, int64_t b_row_step, int64_t depth, int64_t columns, Sum* sums, int64_t sums_row_step) {
  Sum local[Rows][kTileColumns] = {};
  for (int64_t k = 0; k < depth; ++k) {
    const T* right = b + k * b_row_step;
    Sum left[Rows];
    for (int64_t row = 0; row < Rows; ++row) left[row] = static_cast<Sum>(a.data[row * a.row_step + k * a.column_step]);
    for (int64_t column = 0; column < columns; ++column) {
      const Sum value = static_cast<Sum>(right[column]);
      for (int64_t row = 0; row < Rows; ++row) local[row][column] += left[row] * value;
    }
  }
  for (int64_t row = 0; row < Rows; ++row) std::copy_n(local[row], columns, sums + row * sums_row_step);
}

template <class T, class Sum>
void contract_tiles(MatrixView<T> a, const T* b, int64_t b_row_step, int64_t rows, int64_t depth, int64_t columns, Sum* sums,
                    int64_t sums_row_step) {
  if (depth == 0) {  // operands without elements may have no address to step from
    for (int64_t row = 0; row < rows; ++row) std::fill_n(sums + row * sums_row_step, columns, Sum{});
    return;
  }
  for (int64_t column = 0; column < columns; column += kTileColumns) {
    const int64_t width = std::min(kTileColumns, columns - column);
    int64_t row = 0;
    for (; row + 4 <= rows; row += 4)
      tile<4>({a.data + row * a.row_step, a.row_step, a.column_step}, b + column, b_row_step, depth, width,
              sums + row * sums_row_step + column, sums_row_step);
    for (; row < rows; ++row)
      tile<1>({a.data + row * a.row_step, a.row_step, a.column_step}, b + column, b_row_step, depth, width,
              sums + row * sums_row_step + column, sums_row_step);
  }
}

template <class Dims>
void promote(Dims& a, Dims& b) {
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
}

// Which matrix of an operand belongs to matrix `batch` of the broadcast batch.
int64_t matrix_of(int64_t batch, std::span<const int64_t> batches, std::span<const int64_t> own) {
  int64_t at = 0, step = 1;
  for (size_t i = 0; i < batches.size(); ++i) {
    const int64_t position = batch % batches[batches.size() - 1 - i];
    batch /= batches[batches.size() - 1 - i];
    if (i >= own.size()) continue;
    const int64_t dim = own[own.size() - 1 - i];
    at += (dim == 1 ? 0 : position) * step;
    step *= dim;
  }
  return at;
}

}  // namespace

void contract(MatrixView<float> a, const float* b, int64_t b_row_step, int64_t rows, int64_t depth, int64_t columns, double* sums,
              int64_t sums_row_step) {
  contract_tiles(a, b, b_row_step, rows, depth, columns, sums, sums_row_step);
}
void contract(MatrixView<double> a, const double* b, int64_t b_row_step, int64_t rows, int64_t depth, int64_t columns, double* sums,
              int64_t sums_row_step) {
  contract_tiles(a, b, b_row_step, rows, depth, columns, sums, sums_row_step);
}
void contract(MatrixView<uint64_t> a, const uint64_t* b, int64_t b_row_step, int64_t rows, int64_t depth, int64_t columns, uint64_t* sums,
              int64_t sums_row_step) {
  contract_tiles(a, b, b_row_step, rows, depth, columns, sums, sums_row_step);
}

Result<SymShape> matmul_shape(const SymShape& given_a, const SymShape& given_b) {
  if (given_a.empty() || given_b.empty())
    return fail(ErrorCode::invalid_argument, "cannot multiply ", given_a, " by ", given_b, ": no scalars");
  SymShape a = given_a, b = given_b;
  promote(a, b);
  if (a.back().differs(b[b.size() - 2]))
    return fail(ErrorCode::invalid_argument, "cannot multiply ", given_a, " by ", given_b, ": ", a.back(), " columns against ",
                b[b.size() - 2], " rows");
  SymShape out = NACRE_TRY(broadcast(SymShape(a.begin(), a.end() - 2), SymShape(b.begin(), b.end() - 2)));
  if (given_a.size() > 1) out.push_back(a[a.size() - 2]);
  if (given_b.size() > 1) out.push_back(b.back());
  return out;
}

Result<void> infer_matmul(Inference& inference, size_t a, size_t b, DType dtype) {
  const SymShape *left = inference.shape(a), *right = inference.shape(b);
  if (!left || !right) return inference.set(0, dtype), Result<void>();
  inference.set(0, dtype, NACRE_TRY(matmul_shape(*left, *right)));
  return {};
}

double matmul_cost(const NodeView& node, size_t b) {
  const auto &left = node.fact(0).shape, &right = node.fact(b).shape;
  if (!left || !right || left->empty() || !left->back().is_constant()) return 0;
  const Result<SymShape> out = matmul_shape(*left, *right);
  const std::optional<int64_t> count = out ? product(*out).constant() : std::nullopt;
  return count ? 2.0 * static_cast<double>(*count) * static_cast<double>(*left->back().constant()) : 0;
}

template <class T, class Sum>
Result<void> multiply(Evaluation& e, const T* a, const Shape& a_shape, const T* b, const Shape& b_shape, Sum* y) {
  Shape left = a_shape, right = b_shape;
  promote(left, right);
  const int64_t rows = left[left.size() - 2], depth = left.back(), columns = right.back();
  const std::span own_a(left.data(), left.size() - 2), own_b(right.data(), right.size() - 2);
  const Shape batches = NACRE_TRY(broadcast(Shape(own_a.begin(), own_a.end()), Shape(own_b.begin(), own_b.end())));
  const int64_t count = NACRE_TRY(checked_count(batches));
  for (int64_t batch = 0; batch < count; ++batch) {
    NACRE_TRY(e.checkpoint());
    contract(MatrixView<T>{a + matrix_of(batch, batches, own_a) * rows * depth, depth, 1},
             b + matrix_of(batch, batches, own_b) * depth * columns, columns, rows, depth, columns, y + batch * rows * columns, columns);
  }
  return {};
}
template Result<void> multiply(Evaluation&, const float*, const Shape&, const float*, const Shape&, double*);
template Result<void> multiply(Evaluation&, const double*, const Shape&, const double*, const Shape&, double*);
template Result<void> multiply(Evaluation&, const uint64_t*, const Shape&, const uint64_t*, const Shape&, uint64_t*);

}  // namespace nacre

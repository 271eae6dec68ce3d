// TfIdfVectorizer: counts of the n-grams of a pool in each row, weighted by `mode`.
// https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html
#include <algorithm>
#include <map>
#include <unordered_map>

#include "ops/op.h"

namespace nacre {
namespace {

// Columns of the output: one more than the largest index.
Result<int64_t> width(const Attributes& attributes) {
  int64_t out = 0;
  for (int64_t index : attributes.integers("ngram_indexes")) {
    if (index < 0 || index >= int64_t{1} << 40) return fail(ErrorCode::invalid_model, "ngram_indexes holds ", index);
    out = std::max(out, index + 1);
  }
  return out;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, DType::float32), Result<void>();
  if (shape->size() != 1 && shape->size() != 2) return fail(ErrorCode::invalid_argument, "takes [C] or [N, C], given ", *shape);
  SymShape out(shape->begin(), shape->end() - 1);
  out.push_back(NACRE_TRY(width(inference.attributes())));
  inference.set(0, DType::float32, std::move(out));
  return {};
}

// A prefix tree of the pool's n-grams, whose items are numbered; -1 is an item that the pool does not have. Node 0 is the root;
// `column` is that of the n-gram that ends here, or -1.
struct Pool {
  std::vector<int64_t> columns{-1};
  std::unordered_map<std::string, int64_t> numbers;
  std::map<std::pair<size_t, int64_t>, size_t> children;

  int64_t number(const std::string& item) const {
    const auto found = numbers.find(item);
    return found == numbers.end() ? -1 : found->second;
  }
  int64_t child(size_t node, int64_t item) const {
    const auto found = item < 0 ? children.end() : children.find({node, item});
    return found == children.end() ? -1 : static_cast<int64_t>(found->second);
  }
  void add(std::span<const std::string> gram, int64_t column) {
    size_t node = 0;
    for (const std::string& item : gram) {
      const int64_t own = numbers.try_emplace(item, std::ssize(numbers)).first->second;
      const auto [place, fresh] = children.try_emplace({node, own}, columns.size());
      if (fresh) columns.push_back(-1);
      node = place->second;
    }
    columns[node] = column;
  }
};

std::vector<std::string> pool_items(const Attributes& attributes) {
  std::vector<std::string> out = attributes.strings("pool_strings");
  for (int64_t item : attributes.integers("pool_int64s")) out.push_back(std::to_string(item));
  return out;
}

struct GramLengths {
  int64_t least, most, skips;
};

Result<Pool> read_pool(const Attributes& attributes, const GramLengths& lengths) {
  const std::vector<std::string> items = pool_items(attributes);
  const std::vector<int64_t> starts = attributes.integers("ngram_counts"), columns = attributes.integers("ngram_indexes");
  Pool pool;
  size_t gram = 0;
  for (size_t k = 0; k < starts.size(); ++k) {
    const int64_t begin = starts[k], end = k + 1 < starts.size() ? starts[k + 1] : static_cast<int64_t>(items.size()),
                  size = static_cast<int64_t>(k) + 1;
    if (begin < 0 || end < begin || end > static_cast<int64_t>(items.size()))
      return fail(ErrorCode::invalid_model, "ngram_counts ", starts, " for a pool of ", items.size());
    for (int64_t at = begin; at + size <= end; at += size, ++gram) {
      if (gram >= columns.size()) return fail(ErrorCode::invalid_model, columns.size(), " ngram_indexes for more n-grams");
      if (size >= lengths.least && size <= lengths.most) pool.add(std::span(items).subspan(at, size), columns[gram]);
    }
  }
  return pool;
}

// Counts the n-grams of one row whose items are 1 to skips + 1 apart; single items once.
void count_row(const Pool& pool, const GramLengths& lengths, std::span<const int64_t> row, float* counts) {
  const int64_t size = static_cast<int64_t>(row.size());
  for (int64_t distance = 1; distance <= lengths.skips + 1 && (distance == 1 || distance < size); ++distance)
    for (int64_t start = 0; start < size; ++start) {
      int64_t node = 0, length = 0;
      for (int64_t at = start; at < size && length < lengths.most; at += distance) {
        node = pool.child(static_cast<size_t>(node), row[at]);
        if (node < 0) break;
        ++length;
        const bool again = length == 1 && distance > 1;
        if (length >= lengths.least && !again && pool.columns[node] >= 0) counts[pool.columns[node]] += 1;
      }
    }
}

Result<void> weigh(const Attributes& attributes, float* counts, int64_t rows, int64_t columns) {
  const std::string mode = attributes.string("mode", "");
  if (mode != "TF" && mode != "IDF" && mode != "TFIDF")
    return fail(ErrorCode::invalid_model, "mode is \"", mode, "\", not \"TF\", \"IDF\" or \"TFIDF\"");
  if (mode == "TF") return {};
  const std::vector<float> weights = attributes.reals("weights");
  if (!weights.empty() && static_cast<int64_t>(weights.size()) < columns)
    return fail(ErrorCode::invalid_model, weights.size(), " weights for ", columns, " columns");
  for (int64_t i = 0; i < rows * columns; ++i) {
    if (mode == "IDF") counts[i] = counts[i] > 0 ? 1 : 0;
    if (!weights.empty()) counts[i] *= weights[i % columns];
  }
  return {};
}

/// The numbers that the pool gives the elements; each distinct integer is looked up once.
std::vector<int64_t> items_of(const Tensor& x, const Pool& pool) {
  std::vector<int64_t> out, converted;
  if (x.dtype() == DType::string) {
    for (const std::string& text : x.data<std::string>()) out.push_back(pool.number(text));
    return out;
  }
  const int64_t* elements = elements_as<int64_t>(x, converted);
  std::unordered_map<int64_t, int64_t> known;
  for (int64_t i = 0; i < x.size(); ++i) {
    const auto [place, fresh] = known.try_emplace(elements[i], -1);
    if (fresh) place->second = pool.number(std::to_string(elements[i]));
    out.push_back(place->second);
  }
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& attributes = e.attributes();
  const Shape& shape = e.shape(0);
  if (shape.size() != 1 && shape.size() != 2) return fail(ErrorCode::invalid_argument, "takes [C] or [N, C], given ", describe(e.input(0)));
  const GramLengths lengths{attributes.integer("min_gram_length", 1), attributes.integer("max_gram_length", 1),
                            attributes.integer("max_skip_count", 0)};
  const Pool pool = NACRE_TRY(read_pool(attributes, lengths));
  const int64_t columns = NACRE_TRY(width(attributes)), rows = shape.size() == 2 ? shape[0] : 1, length = shape.back();
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, shape.size() == 2 ? Shape{rows, columns} : Shape{columns}));
  float* counts = static_cast<float*>(y->mutable_raw());
  std::fill_n(counts, y->size(), 0.0f);
  const std::vector<int64_t> items = items_of(e.input(0), pool);
  for (int64_t row = 0; row < rows; ++row) {
    NACRE_TRY(e.checkpoint());
    count_row(pool, lengths, std::span(items).subspan(row * length, length), counts + row * columns);
  }
  return weigh(attributes, counts, rows, columns);
}

}  // namespace

extern const Op op_tf_idf_vectorizer;
const Op op_tf_idf_vectorizer{.name = "TfIdfVectorizer",
                              .since = {9},
                              .types = TypeSet{DType::int32, DType::int64, DType::string},
                              .infer = infer,
                              .evaluate = evaluate};

}  // namespace nacre

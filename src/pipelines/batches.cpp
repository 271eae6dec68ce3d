#include "pipelines/batches.h"

#include <algorithm>
#include <numeric>

#include "core/allocate.h"
#include "core/convert.h"
#include "io/json.h"

namespace nacre {
namespace {

/// What goes into an input at a token.
struct InputKind {
  std::string_view name;
  int64_t (*value)(const Encoding&, size_t token);
};
constexpr InputKind kInputs[] = {
    {"input_ids", [](const Encoding& e, size_t token) { return static_cast<int64_t>(e.ids[token]); }},
    {"attention_mask", [](const Encoding& e, size_t token) { return static_cast<int64_t>(e.attention_mask[token]); }},
    {"token_type_ids", [](const Encoding& e, size_t token) { return static_cast<int64_t>(e.type_ids[token]); }},
    {"position_ids", [](const Encoding&, size_t token) { return static_cast<int64_t>(token); }},
};

Result<const InputKind*> kind_of(const Port& port) {
  for (const InputKind& kind : kInputs)
    if (kind.name == port.name) return &kind;
  return fail(ErrorCode::unsupported, "input '", port.name, "' (", port.type,
              "): an encoder takes input_ids, attention_mask, token_type_ids and position_ids");
}

struct Texts {
  std::span<const Encoding* const> encodings;
  std::span<const size_t> chosen;
  int64_t length;
};

template <class T>
void fill_rows(Tensor& out, const Texts& texts, const InputKind& kind, int64_t padding) {
  const std::span<T> values = out.mutable_data<T>();
  std::fill(values.begin(), values.end(), static_cast<T>(padding));
  T* row = values.data();
  for (const size_t text : texts.chosen) {
    const Encoding& encoding = *texts.encodings[text];
    for (size_t token = 0; token < encoding.size(); ++token) row[token] = static_cast<T>(kind.value(encoding, token));
    row += texts.length;
  }
}

/// [texts, length]
Result<Tensor> batch_input(const Port& port, const Texts& texts, int64_t pad_id) {
  const InputKind& kind = *NACRE_TRY(kind_of(port));
  const DType dtype = port.dtype == DType::int32 ? DType::int32 : DType::int64;
  Tensor out = NACRE_TRY(allocate(dtype, {static_cast<int64_t>(texts.chosen.size()), texts.length}));
  const int64_t padding = kind.name == "input_ids" ? pad_id : 0;
  if (dtype == DType::int32) return fill_rows<int32_t>(out, texts, kind, padding), out;
  return fill_rows<int64_t>(out, texts, kind, padding), out;
}

/// From short to long, so that neighbours need little padding.
std::vector<size_t> by_length(std::span<const Encoding* const> encodings) {
  std::vector<size_t> order(encodings.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::pair(encodings[a]->size(), a) < std::pair(encodings[b]->size(), b); });
  return order;
}

/// How many of the texts, sorted by length, run together from the first on.
size_t batch_size(std::span<const Encoding* const> encodings, std::span<const size_t> rest, int64_t most_tokens) {
  size_t count = 1;
  while (count < rest.size() && static_cast<int64_t>((count + 1) * encodings[rest[count]]->size()) <= most_tokens) ++count;
  return count;
}

/// A failed run where a token's id is beyond the embedding table: the model itself speaks of an index.
void check_ids(const Texts& texts, int64_t vocabulary) {
  for (const size_t text : texts.chosen) {
    const Encoding& encoding = *texts.encodings[text];
    const auto beyond = std::find_if(encoding.ids.begin(), encoding.ids.end(), [&](uint32_t id) { return id >= vocabulary; });
    if (vocabulary <= 0 || beyond == encoding.ids.end()) continue;
    const std::string_view token = encoding.tokens[static_cast<size_t>(beyond - encoding.ids.begin())];
    throw Error(ErrorCode::invalid_argument,
                cat("the token ", json_quoted(token), " has id ", *beyond, ", and the model's embedding table has ", vocabulary,
                    " rows (vocab_size of config.json)"),
                "the tokenizer's files belong to another model");
  }
}

Outputs run_model(const Session& session, const Inputs& inputs, const RunOptions& options, const Texts& texts, int64_t vocabulary) {
  try {
    return session.run(inputs, options);
  } catch (const Error&) {
    check_ids(texts, vocabulary);
    throw;
  }
}

}  // namespace

Result<Tensor> Batch::output(const std::string& name, int rank) const {
  const Tensor& given = outputs[name];
  const Shape& shape = given.shape();
  const auto rows = static_cast<int64_t>(texts.size());
  const bool by_token = rank == 3 || rank == -2;
  const auto expected = static_cast<size_t>(std::abs(rank));
  if (shape.size() != expected || shape[0] != rows || (by_token && shape[1] != length))
    return fail(ErrorCode::invalid_model, "output '", name, "' is ", describe(given), ", expected [", rows,
                by_token ? cat(",", length) : "", rank > 0 ? ",?]" : "]");
  if (given.dtype() == DType::float32) return given;
  Tensor out = NACRE_TRY(allocate(DType::float32, shape));
  NACRE_TRY(convert(given, out));
  return out;
}

Result<void> run_batches(const Session& session, std::span<const Encoding* const> encodings, const BatchRules& rules,
                         const RunOptions& options, FunctionRef<Result<void>(const Batch&)> take) {
  const std::vector<size_t> order = by_length(encodings);
  for (std::span<const size_t> rest = order; !rest.empty();) {
    const std::span<const size_t> chosen = rest.first(batch_size(encodings, rest, rules.most_tokens));
    const size_t longest = std::max<size_t>(encodings[chosen.back()]->size(), 1);  // a text without any token is a row, too
    const Texts texts{encodings, chosen, static_cast<int64_t>(longest)};
    Inputs inputs;
    for (const Port& port : session.inputs()) inputs.emplace_back(port.name, NACRE_TRY(batch_input(port, texts, rules.pad_id)));
    const Outputs outputs = run_model(session, inputs, options, texts, rules.vocabulary);
    NACRE_TRY(take(Batch{chosen, texts.length, outputs}));
    rest = rest.subspan(chosen.size());
  }
  return {};
}

Result<std::string> find_output(const Session& session, std::span<const std::string_view> names, size_t rank, std::string_view wanted) {
  std::string known;
  for (const Port& port : session.outputs()) {
    known += cat(known.empty() ? "" : ", ", port.name, " ", port.type);
    if (std::find(names.begin(), names.end(), port.name) != names.end() && (!port.has_rank || port.sizes.size() == rank)) return port.name;
  }
  for (const Port& port : session.outputs())
    if (port.sizes.size() == rank) return port.name;
  return fail(ErrorCode::invalid_model, "no output has ", wanted, "; the model gives ", known);
}

}  // namespace nacre

// Tokenizers against the reference's results, every line of them.
#include <chrono>
#include <cstdio>

#include "tests/shared.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

namespace nacre {
namespace {

using Numbers = std::vector<int64_t>;

template <class T>
Numbers numbers(const std::vector<T>& list) {
  return {list.begin(), list.end()};
}
Numbers numbers(const Json& json, std::string_view key) { return json.has(key) ? *json.at(key)->integers() : Numbers(); }

Numbers flat(const std::vector<ByteRange>& ranges) {
  Numbers out;
  for (const ByteRange& range : ranges) out.insert(out.end(), {range.begin, range.end});
  return out;
}

/// Word or sequence ids, with null as -1.
Numbers with_null(const Json& list) {
  Numbers out;
  for (const Json& entry : *list.elements()) out.push_back(entry.is_null() ? -1 : *entry.integer());
  return out;
}

Numbers special_positions(const Encoding& encoding) {
  Numbers out;
  for (size_t i = 0; i < encoding.size(); ++i)
    if (encoding.special_tokens_mask[i]) out.push_back(static_cast<int64_t>(i));
  return out;
}

std::vector<std::string> texts_of(const Encoding& encoding) { return {encoding.tokens.begin(), encoding.tokens.end()}; }

const std::vector<std::string>& corpus() {
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> out;
    for (const Json& line : read_json_lines(shared_path("tokenizers/corpus.jsonl.gz"))) out.emplace_back(*line.text("text"));
    return out;
  }();
  return texts;
}

Tokenizer load_golden_tokenizer(const std::string& name) {
  const std::string plain = shared_path("tokenizers/" + name + "/tokenizer.json");
  auto tokenizer = Tokenizer::parse(read_gz(is_file(plain) ? plain : plain + ".gz"));
  if (!tokenizer) throw tokenizer.error();
  return std::move(*tokenizer);
}

// One lambda per claim would hide which golden line failed: everything of a line is compared and named.
#define NACRE_SAME(a, b) EXPECT_EQ(a, b) << where

void check_encoding(const Encoding& got, const Json& want, const std::string& where) {
  NACRE_SAME(numbers(got.ids), numbers(want, "ids"));
  NACRE_SAME(flat(got.offsets), numbers(want, "off"));
  const bool bytes_given = want.has("boff");
  if (bytes_given || want.at("boff")) NACRE_SAME(flat(got.byte_offsets), numbers(want, bytes_given ? "boff" : "off"));
  if (want.has("tok")) NACRE_SAME(texts_of(got), *want.at("tok")->texts());
  if (want.has("wid")) NACRE_SAME(numbers(got.word_ids), with_null(*want.at("wid")));
  if (want.has("seq")) NACRE_SAME(numbers(got.sequence_ids), with_null(*want.at("seq")));
  if (want.at("type")) NACRE_SAME(numbers(got.type_ids), want.has("type") ? numbers(want, "type") : Numbers(got.size()));
  if (want.has("mask")) NACRE_SAME(numbers(got.attention_mask), numbers(want, "mask"));
}

void check_line(const Tokenizer& tokenizer, const Json& line, const std::string& where) {
  const std::string& text = corpus().at(static_cast<size_t>(*line.integer("i")));
  const auto encoding = tokenizer.encode(text);
  ASSERT_TRUE(encoding) << where << encoding.error().what();
  check_encoding(*encoding, line, where);
  NACRE_SAME(special_positions(*encoding), numbers(line, "sp"));
  const auto plain = tokenizer.encode(text, {.add_special_tokens = false});
  NACRE_SAME(numbers(plain->ids), numbers(line, line.has("ids0") ? "ids0" : "ids"));
  const std::string decoded = line.at("dec")->is_text() ? std::string(*line.text("dec")) : text;
  NACRE_SAME(tokenizer.decode(encoding->ids), decoded);
  NACRE_SAME(tokenizer.decode(encoding->ids, false), line.has("dec_all") ? *line.text("dec_all") : decoded);
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, EveryLineOfTheCorpusIsEqual) {
  const std::string folder = std::string("tokenizers/") + GetParam();
  NACRE_NEEDS_SHARED(folder + "/golden.jsonl.gz");
  const Tokenizer tokenizer = load_golden_tokenizer(GetParam());
  const auto lines = read_json_lines(shared_path(folder + "/golden.jsonl.gz"));
  ASSERT_EQ(lines.size(), 2000u);
  for (const Json& line : lines) check_line(tokenizer, line, cat(GetParam(), " line ", *line.integer("i"), ": "));
}

EncodeOptions options_of(const Json& op) {
  EncodeOptions out{.add_special_tokens = *op.boolean("add_special", true)};
  if (!op.has("max_length")) return out;
  Truncation truncation{.max_length = static_cast<size_t>(*op.integer("max_length")),
                        .stride = static_cast<size_t>(*op.integer("stride", 0))};
  const std::string_view strategy = *op.text("strategy", "longest_first");
  if (strategy == "only_first") truncation.strategy = Truncation::Strategy::only_first;
  if (strategy == "only_second") truncation.strategy = Truncation::Strategy::only_second;
  if (*op.text("direction", "right") == "left") truncation.direction = Side::left;
  out.truncation = truncation;
  return out;
}

Padding padding_of(const Json& op) {
  Padding out{.id = static_cast<uint32_t>(*op.integer("pad_id", 0)),
              .type_id = static_cast<uint32_t>(*op.integer("pad_type_id", 0)),
              .token = std::string(*op.text("pad_token"))};
  if (op.has("length")) out.length = static_cast<size_t>(*op.integer("length"));
  out.multiple_of = static_cast<size_t>(*op.integer("multiple_of", 1));
  if (*op.text("direction", "right") == "left") out.direction = Side::left;
  return out;
}

const std::string& corpus_text(const Json& index) { return corpus().at(static_cast<size_t>(*index.integer())); }

TextInput input_of(const Json& entry) {
  if (!entry.is_list()) return {corpus_text(entry), {}};
  return {corpus_text(*entry.at(0)), corpus_text(*entry.at(1))};
}

void check_truncate(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  const TextInput input =
      op.has("b") ? TextInput{corpus_text(*op.at("a")), corpus_text(*op.at("b"))} : TextInput{corpus_text(*op.at("a")), {}};
  const auto got = tokenizer.encode(input, options_of(op));
  EXPECT_EQ(got.has_value(), !op.has("error")) << where;
  if (op.has("error")) return;
  ASSERT_TRUE(got) << where << got.error().what();
  check_encoding(*got, op, where);
  const auto overflow = op.has("overflow") ? *op.at("overflow")->elements() : std::vector<Json>();
  ASSERT_EQ(got->overflow.size(), overflow.size()) << where;
  for (size_t i = 0; i < overflow.size(); ++i) check_encoding(got->overflow[i], overflow[i], cat(where, "overflow ", i, " "));
}

void check_batch(const Tokenizer& tokenizer, const std::vector<TextInput>& inputs, const EncodeOptions& options, const Json& op,
                 const std::string& where) {
  const auto got = tokenizer.encode_batch(inputs, options);
  EXPECT_EQ(got.has_value(), !op.has("error")) << where;
  if (op.has("error")) return;
  ASSERT_TRUE(got) << where << got.error().what();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto list = [&](std::string_view key) { return *op.at(key)->at(i)->integers(); };
    NACRE_SAME(numbers(got->at(i).ids), list("ids"));
    NACRE_SAME(numbers(got->at(i).attention_mask), list("mask"));
    if (op.has("type")) NACRE_SAME(numbers(got->at(i).type_ids), list("type"));
    if (!op.has("overflow")) continue;
    const auto windows = *op.at("overflow")->at(i)->elements();
    ASSERT_EQ(got->at(i).overflow.size(), windows.size()) << where;
    for (size_t k = 0; k < windows.size(); ++k) NACRE_SAME(numbers(got->at(i).overflow[k].ids), *windows[k].integers());
  }
}

void check_added(const std::string& name, const Json& op, const std::string& where) {
  Tokenizer tokenizer = load_golden_tokenizer(name);
  std::vector<AddedToken> tokens;
  for (const Json& entry : *op.at("add")->elements()) tokens.push_back(*AddedToken::load(entry));
  NACRE_SAME(tokenizer.add_tokens(std::move(tokens)), static_cast<size_t>(*op.integer("count")));
  for (const Json& entry : *op.at("cases")->elements()) {
    const auto got = tokenizer.encode(*entry.text("text"), {.add_special_tokens = false});
    check_encoding(*got, entry, cat(where, *entry.text("text"), ": "));
    NACRE_SAME(tokenizer.decode(got->ids), *entry.text("dec"));
    NACRE_SAME(tokenizer.decode(got->ids, false), *entry.text("dec_all"));
  }
}

void check_vocab(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  NACRE_SAME(tokenizer.vocabulary_size(false), static_cast<size_t>(*op.integer("size")));
  NACRE_SAME(tokenizer.vocabulary_size(), static_cast<size_t>(*op.integer("size_with_added")));
  for (const Json& pair : *op.at("pairs")->elements()) {
    const auto id = static_cast<uint32_t>(*pair.at(1)->integer());
    NACRE_SAME(tokenizer.find(*pair.at(0)->text()), std::optional(id));
    NACRE_SAME(tokenizer.token(id), *pair.at(0)->text());
  }
}

void check_decode(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  std::vector<uint32_t> ids;
  for (const int64_t id : numbers(op, "ids")) ids.push_back(static_cast<uint32_t>(id));
  NACRE_SAME(tokenizer.decode(ids), *op.text("dec"));
  NACRE_SAME(tokenizer.decode(ids, false), *op.text("dec_all"));
}

void check_published(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word ";
  std::vector<TextInput> inputs;
  for (const Json& index : *op.at("texts")->elements()) inputs.push_back(input_of(index));
  inputs.push_back({words, {}});
  check_batch(tokenizer, inputs, tokenizer.stored_options(), op, where);
}

TEST_P(Golden, EveryOperationIsEqual) {
  const std::string folder = std::string("tokenizers/") + GetParam();
  NACRE_NEEDS_SHARED(folder + "/golden_ops.jsonl.gz");
  const Tokenizer tokenizer = load_golden_tokenizer(GetParam());
  size_t number = 0;
  for (const Json& op : read_json_lines(shared_path(folder + "/golden_ops.jsonl.gz"))) {
    const std::string_view kind = *op.text("op");
    const std::string where = cat(GetParam(), " operation ", ++number, " (", kind, "): ");
    if (kind == "pair") check_encoding(*tokenizer.encode(corpus_text(*op.at("a")), corpus_text(*op.at("b"))), op, where);
    if (kind == "truncate") check_truncate(tokenizer, op, where);
    if (kind == "vocab") check_vocab(tokenizer, op, where);
    if (kind == "decode") check_decode(tokenizer, op, where);
    if (kind == "added") check_added(GetParam(), op, where);
    if (kind == "as_published") check_published(tokenizer, op, where);
    if (kind != "pad" && kind != "batch") continue;
    EncodeOptions options = options_of(op);
    options.padding = padding_of(op);
    std::vector<TextInput> inputs;
    for (const Json& entry : *op.at(kind == "pad" ? "texts" : "inputs")->elements()) inputs.push_back(input_of(entry));
    check_batch(tokenizer, inputs, options, op, where);
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Golden, testing::Values("bert-uncased-minilm", "bert-cased"), [](const auto& info) {
  std::string out = info.param;
  for (char& c : out)
    if (c == '-' || c == '.') c = '_';
  return out;
});

TEST(Utf8, IllFormedTextIsPlacedAndReplacedAsTheReferenceDoes) {
  NACRE_NEEDS_SHARED("tokenizers/invalid_utf8.json");
  const auto json = parse_json(read_gz(shared_path("tokenizers/invalid_utf8.json")));
  for (const Json& entry : *json->at("cases")->elements()) {
    std::string bytes;
    const std::string hex(*entry.text("hex"));
    for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    const auto bad = find_invalid_utf8(bytes);
    EXPECT_EQ(!bad, *entry.boolean("valid")) << hex;
    if (bad) EXPECT_EQ(static_cast<int64_t>(*bad), *entry.integer("error_start")) << hex;
    EXPECT_EQ(replace_invalid_utf8(bytes), *entry.text("replaced")) << hex;
  }
}

}  // namespace
}  // namespace nacre

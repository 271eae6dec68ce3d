// Everything that is asked of a tokenizer beside plain texts: pairs, truncation, padding, words, maps, streams, added tokens.
#include "tests/text/goldens.h"
#include "text/decode_stream.h"

namespace nacre {
namespace {

Numbers special_mask(const Encoding& encoding) { return numbers(encoding.special_tokens_mask); }

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
  EXPECT_EQ(got.has_value(), op.has("ids")) << where;
  if (!op.has("ids")) return;
  ASSERT_TRUE(got) << where << got.error().what();
  check_encoding(*got, op, where);
  NACRE_SAME(special_mask(*got), numbers(op, "sp"));
  if (op.has("error")) return;  // of the script that asked for the windows' sequence ids
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
    if (op.has("sp")) NACRE_SAME(special_mask(got->at(i)), list("sp"));
    NACRE_SAME(numbers(got->at(i).attention_mask), list("mask"));
    if (op.has("type")) NACRE_SAME(numbers(got->at(i).type_ids), list("type"));
    if (!op.has("overflow")) continue;
    const auto windows = *op.at("overflow")->at(i)->elements();
    ASSERT_EQ(got->at(i).overflow.size(), windows.size()) << where;
    for (size_t k = 0; k < windows.size(); ++k) {
      const Encoding& window = got->at(i).overflow[k];
      NACRE_SAME(numbers(window.ids), *windows[k].integers());
      NACRE_SAME(numbers(window.attention_mask), *op.at("overflow_mask")->at(i)->at(k)->integers());
    }
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
    NACRE_SAME(*tokenizer.decode(got->ids), *entry.text("dec"));
    NACRE_SAME(*tokenizer.decode(got->ids, false), *entry.text("dec_all"));
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
  for (const Json& absent : *op.at("absent")->elements()) {
    const auto id = absent.at(1)->is_null() ? std::nullopt : std::optional(static_cast<uint32_t>(*absent.at(1)->integer()));
    NACRE_SAME(tokenizer.find(*absent.at(0)->text()), id);
  }
  NACRE_SAME(tokenizer.token(static_cast<uint32_t>(tokenizer.vocabulary_size() + 1000)), "");
}

void check_decode(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  std::vector<uint32_t> ids;
  for (const int64_t id : numbers(op, "ids")) ids.push_back(static_cast<uint32_t>(id));
  for (size_t i = 0; i < ids.size(); ++i) NACRE_SAME(tokenizer.token(ids[i]), *op.at("tok")->at(i)->text());
  NACRE_SAME(*tokenizer.decode(ids), *op.text("dec"));
  NACRE_SAME(*tokenizer.decode(ids, false), *op.text("dec_all"));
}

void check_published(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word ";
  std::vector<TextInput> inputs;
  for (const Json& index : *op.at("texts")->elements()) inputs.push_back(input_of(index));
  inputs.push_back({words, {}});
  check_batch(tokenizer, inputs, tokenizer.stored_options(), op, where);
}

void check_pair(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  const TextInput input{corpus_text(*op.at("a")), corpus_text(*op.at("b"))};
  const auto got = tokenizer.encode(input, {});
  ASSERT_TRUE(got) << where << got.error().what();
  check_encoding(*got, op, where);
  NACRE_SAME(special_mask(*got), numbers(op, "sp"));
  NACRE_SAME(*tokenizer.decode(got->ids), *op.text("dec"));
  NACRE_SAME(numbers(tokenizer.encode(input, {.add_special_tokens = false})->ids), numbers(op, "ids0"));
}

void check_words(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  const std::vector<std::string> words = *op.at("words")->texts();
  const auto got = tokenizer.encode_words({std::vector<std::string_view>(words.begin(), words.end()), {}});
  ASSERT_TRUE(got) << where << got.error().what();
  NACRE_SAME(numbers(got->ids), numbers(op, "ids"));
  NACRE_SAME(flat(got->offsets), numbers(op, "off"));
  NACRE_SAME(texts_of(*got), *op.at("tok")->texts());
  NACRE_SAME(numbers(got->word_ids), with_null(*op.at("wid")));
  NACRE_SAME(numbers(got->type_ids), numbers(op, "type"));
}

Numbers flat(const std::optional<ByteRange>& range) { return range ? Numbers{range->begin, range->end} : Numbers(); }

/// Compares what `find(i)` gives with the list's entries: a range, a number or null.
template <class Find>
void check_map(const Json& list, Find find, const std::string& where) {
  for (uint32_t i = 0; i < list.size(); ++i) {
    const Json entry = *list.at(i);
    const auto got = find(i);
    EXPECT_EQ(got.has_value(), !entry.is_null()) << where << i;
    if (!got || entry.is_null()) continue;
    if constexpr (std::is_same_v<decltype(got), const std::optional<ByteRange>>) {
      EXPECT_EQ(flat(got), *entry.integers()) << where << i;
    } else {
      EXPECT_EQ(static_cast<int64_t>(*got), *entry.integer()) << where << i;
    }
  }
}

void check_maps(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  const Encoding got = *tokenizer.encode(corpus_text(*op.at("i")));
  check_map(*op.at("char_to_token"), [&](uint32_t i) { return got.char_to_token(i); }, where + "char_to_token ");
  check_map(*op.at("char_to_word"), [&](uint32_t i) { return got.char_to_word(i); }, where + "char_to_word ");
  check_map(*op.at("token_to_chars"), [&](uint32_t i) { return got.token_to_chars(i); }, where + "token_to_chars ");
  check_map(*op.at("word_to_tokens"), [&](uint32_t i) { return got.word_to_tokens(i); }, where + "word_to_tokens ");
  check_map(*op.at("word_to_chars"), [&](uint32_t i) { return got.word_to_chars(i); }, where + "word_to_chars ");
}

void check_stream(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  DecodeStream stream(tokenizer, *op.boolean("skip_special"));
  const auto chunks = *op.at("chunks")->elements();
  const Numbers ids = numbers(op, "ids");
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto got = stream.step(static_cast<uint32_t>(ids[i]));
    EXPECT_EQ(got.has_value(), i < chunks.size()) << where << "step " << i;
    if (!got || i >= chunks.size()) break;
    EXPECT_EQ(*got, chunks[i].is_null() ? std::nullopt : std::optional<std::string>(*chunks[i].text())) << where << "step " << i;
  }
  EXPECT_EQ(op.has("error"), chunks.size() < ids.size()) << where;
}

void check_padded(const Tokenizer& tokenizer, const Json& op, std::string_view texts, const std::string& where) {
  EncodeOptions options = options_of(op);
  options.padding = padding_of(op);
  std::vector<TextInput> inputs;
  for (const Json& entry : *op.at(texts)->elements()) inputs.push_back(input_of(entry));
  check_batch(tokenizer, inputs, options, op, where);
}

void check_operation(const Tokenizer& tokenizer, const std::string& name, const Json& op, const std::string& where) {
  const std::string_view kind = *op.text("op");
  if (kind == "vocab") return check_vocab(tokenizer, op, where);
  if (kind == "pair") return check_pair(tokenizer, op, where);
  if (kind == "truncate") return check_truncate(tokenizer, op, where);
  if (kind == "pad") return check_padded(tokenizer, op, "texts", where);
  if (kind == "batch") return check_padded(tokenizer, op, "inputs", where);
  if (kind == "as_published") return check_published(tokenizer, op, where);
  if (kind == "words") return check_words(tokenizer, op, where);
  if (kind == "maps") return check_maps(tokenizer, op, where);
  if (kind == "stream") return check_stream(tokenizer, op, where);
  if (kind == "decode") return check_decode(tokenizer, op, where);
  if (kind == "added") return check_added(name, op, where);
  FAIL() << where << "unknown operation";
}

class Operations : public testing::TestWithParam<std::string> {};

TEST_P(Operations, EveryOneIsEqual) {
  const std::string folder = "tokenizers/" + GetParam();
  NACRE_NEEDS_SHARED(folder + "/golden_ops.jsonl.gz");
  const auto loaded = try_golden_tokenizer(GetParam());
  if (!loaded && loaded.error().code() == ErrorCode::unsupported) GTEST_SKIP() << loaded.error().what();
  const Tokenizer tokenizer = load_golden_tokenizer(GetParam());
  size_t number = 0;
  for (const Json& op : read_json_lines(shared_path(folder + "/golden_ops.jsonl.gz"), golden_step())) {
    const std::string where = cat(GetParam(), " operation ", ++number, " (", *op.text("op"), "): ");
    check_operation(tokenizer, GetParam(), op, where);
  }
  EXPECT_GT(number, 300 / golden_step());
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, Operations, testing::ValuesIn(golden_folders("golden_ops.jsonl.gz")), golden_name);

}  // namespace
}  // namespace nacre

// SentencePiece models against the library's own results, every line.
#include "tests/text/goldens.h"
#include "text/sentencepiece/nbest.h"

namespace nacre {
namespace {

std::string model_bytes(const std::string& folder) {
  for (const char* name : {"tokenizer.model", "tokenizer.model.gz", "spiece.model.gz"})
    if (const std::string path = shared_path("tokenizers/" + folder + "/" + name); is_file(path)) return read_gz(path);
  return "";
}

std::span<const std::byte> as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

void check_info(const SentencePieces& pieces, const Json& op, const std::string& where) {
  using Kind = SentencePieces::Kind;
  NACRE_SAME(pieces.size(), static_cast<size_t>(*op.integer("size")));
  NACRE_SAME(pieces.unknown(), static_cast<uint32_t>(*op.integer("unk")));
  for (const Json& entry : *op.at("pieces")->elements()) {
    const auto id = static_cast<uint32_t>(*entry.at(0)->integer());
    const auto is = [&](size_t place) { return *entry.at(place)->integer() != 0; };
    NACRE_SAME(pieces.piece(id), *entry.at(1)->text());
    NACRE_SAME(pieces.score(id), static_cast<float>(*entry.at(2)->real()));
    NACRE_SAME(pieces.kind(id) == Kind::unknown, is(3));
    NACRE_SAME(pieces.kind(id) == Kind::control, is(4));
    NACRE_SAME(pieces.kind(id) == Kind::unused, is(5));
    NACRE_SAME(pieces.kind(id) == Kind::byte, is(6));
  }
}

void check_encode(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  const std::string& text = corpus().at(static_cast<size_t>(*op.integer("i")));
  const auto got = tokenizer.encode(text);
  ASSERT_TRUE(got) << where << got.error().what();
  NACRE_SAME(numbers(got->ids), numbers(op, "ids"));
  if (op.has("off")) NACRE_SAME(flat(got->byte_offsets), numbers(op, "off"));
  NACRE_SAME(*tokenizer.decode(got->ids), op.at("dec")->is_text() ? std::string(*op.text("dec")) : text);
}

void check_normalize(const Normalizer& normalizer, const Json& op, const std::string& where) {
  Normalized text;
  text.reset(corpus().at(static_cast<size_t>(*op.integer("i"))));
  normalizer.apply(text);
  NACRE_SAME(text.text(), *op.text("out"));
}

void check_spm_decode(const Tokenizer& tokenizer, const Json& op, const std::string& where) {
  std::vector<uint32_t> ids;
  for (const int64_t id : numbers(op, "ids")) ids.push_back(static_cast<uint32_t>(id));
  NACRE_SAME(*tokenizer.decode(ids), *op.text("dec"));
  for (size_t i = 0; i < ids.size(); ++i) NACRE_SAME(tokenizer.token(ids[i]), *op.at("pieces")->at(i)->text());
}

void check_nbest(const SentencePieces& pieces, const Normalizer& normalizer, const Json& op, const std::string& where) {
  Normalized text;
  text.reset(corpus().at(static_cast<size_t>(*op.integer("i"))));
  normalizer.apply(text);
  const auto ways = best_cuts(pieces, text.text(), static_cast<size_t>(*op.integer("n")));
  const auto want = *op.at("ids")->elements();
  ASSERT_EQ(ways.size(), want.size()) << where;
  for (size_t i = 0; i < want.size(); ++i) NACRE_SAME(numbers(ways[i]), *want[i].integers());
}

class SentencePieceGolden : public testing::TestWithParam<std::string> {};

TEST_P(SentencePieceGolden, EveryLineIsEqual) {
  const std::string folder = "tokenizers/" + GetParam();
  NACRE_NEEDS_SHARED(folder + "/golden_spm.jsonl.gz");
  const std::string bytes = model_bytes(GetParam());
  const auto pieces = SentencePieces::parse(as_bytes(bytes));
  const auto tokenizer = Tokenizer::parse_sentencepiece(as_bytes(bytes));
  ASSERT_TRUE(pieces) << pieces.error().what();
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  const auto normalizer = make_normalizer(*pieces);
  size_t number = 0;
  for (const Json& op : read_json_lines(shared_path(folder + "/golden_spm.jsonl.gz"), golden_step())) {
    const std::string_view kind = *op.text("op");
    const std::string where = cat(GetParam(), " line ", ++number, " (", kind, "): ");
    if (kind == "info") check_info(**pieces, op, where);
    if (kind == "encode") check_encode(*tokenizer, op, where);
    if (kind == "normalize") check_normalize(*normalizer, op, where);
    if (kind == "nbest") check_nbest(**pieces, *normalizer, op, where);
    if (kind == "decode") check_spm_decode(*tokenizer, op, where);
  }
  EXPECT_GT(number, 1000 / golden_step());
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, SentencePieceGolden, testing::ValuesIn(golden_folders("golden_spm.jsonl.gz")), golden_name);

}  // namespace
}  // namespace nacre

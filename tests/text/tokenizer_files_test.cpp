// Tokenizers from what stood in directories before tokenizer.json: the same results as with it.
#include <filesystem>

#include "tests/text/goldens.h"

namespace nacre {
namespace {

/// A directory of its own, gone at the end.
class Directory {
 public:
  Directory() {
    static int count = 0;
    path_ = cat(testing::TempDir(), "nacre-tokenizer-", ::getpid(), "-", count++);
    std::filesystem::create_directories(path_);
  }
  Directory(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  void add(const std::string& name, std::string_view text) const { EXPECT_TRUE(write_file(path_ + "/" + name, text)); }
  void copy(const std::string& folder, const std::string& name) const {
    const std::string from = shared_path("tokenizers/" + folder + "/" + name);
    add(name, read_gz(is_file(from) ? from : from + ".gz"));
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void check_corpus(const Tokenizer& tokenizer, const std::string& folder) {
  for (const Json& line : read_json_lines(shared_path("tokenizers/" + folder + "/golden.jsonl.gz"), golden_step())) {
    const std::string where = cat(folder, " line ", *line.integer("i"), ": ");
    const std::string& text = corpus().at(static_cast<size_t>(*line.integer("i")));
    const auto got = tokenizer.encode(text);
    ASSERT_TRUE(got) << where << got.error().what();
    check_encoding(*got, line, where);
    NACRE_SAME(*tokenizer.decode(got->ids), line.at("dec")->is_text() ? std::string(*line.text("dec")) : text);
  }
}

TEST(TokenizerFiles, VocabTxtIsTheSameAsTokenizerJson) {
  NACRE_NEEDS_SHARED("tokenizers/bert-uncased-minilm/vocab.txt");
  const Directory directory;
  for (const char* name : {"vocab.txt", "tokenizer_config.json"}) directory.copy("bert-uncased-minilm", name);
  const auto tokenizer = Tokenizer::load(directory.path());
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  check_corpus(*tokenizer, "bert-uncased-minilm");
}

TEST(TokenizerFiles, VocabJsonWithMergesIsTheSameAsTokenizerJson) {
  NACRE_NEEDS_SHARED("tokenizers/gpt2/merges.txt.gz");
  const Directory directory;
  for (const char* name : {"vocab.json", "merges.txt", "tokenizer_config.json"}) directory.copy("gpt2", name);
  const auto tokenizer = Tokenizer::load(directory.path());
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  check_corpus(*tokenizer, "gpt2");
}

TEST(TokenizerFiles, ClipsWordEndsAreRecognised) {
  const std::string clip = shared_path("hf_tiny/clip");
  NACRE_NEEDS_SHARED("hf_tiny/clip/merges.txt");
  const Directory directory;
  for (const char* name : {"vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"})
    directory.add(name, read_gz(clip + "/" + name));
  const auto tokenizer = Tokenizer::load(directory.path()), full = Tokenizer::load(clip);
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  ASSERT_TRUE(full) << full.error().what();
  for (size_t i = 0; i < corpus().size(); i += 7) {
    const auto got = tokenizer->encode(corpus()[i]), want = full->encode(corpus()[i]);
    EXPECT_EQ(got->ids, want->ids) << corpus()[i];
    EXPECT_EQ(got->offsets, want->offsets) << corpus()[i];
  }
}

TEST(TokenizerFiles, SentencePieceTakesBosFromTheConfig) {
  NACRE_NEEDS_SHARED("tokenizers/mistral-v3/tokenizer.model.gz");
  const Directory directory;
  directory.copy("mistral-v3", "tokenizer.model");
  const auto plain = Tokenizer::load(directory.path());
  ASSERT_TRUE(plain) << plain.error().what();
  directory.add("tokenizer_config.json",
                R"({"add_bos_token": true, "add_eos_token": false, "bos_token": "<s>", "eos_token": {"content": "</s>"}})");
  const auto tokenizer = Tokenizer::load(directory.path());
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  EXPECT_EQ(plain->encode("Hello world")->ids, (std::vector<uint32_t>{23325, 2294}));
  EXPECT_EQ(tokenizer->encode("Hello world")->ids, (std::vector<uint32_t>{1, 23325, 2294}));
  EXPECT_EQ(*tokenizer->decode(std::vector<uint32_t>{1, 23325, 2294, 2}, false), "<s> Hello world</s>");
  EXPECT_EQ(*tokenizer->decode(std::vector<uint32_t>{1, 23325, 2294, 2}), "Hello world");
}

/// A directory with a folder's model and settings alone.
Result<Tokenizer> with_model_alone(const Directory& directory, const std::string& folder, const std::string& model = "spiece.model") {
  directory.copy(folder, model);
  directory.copy(folder, "tokenizer_config.json");
  return Tokenizer::load(directory.path());
}

TEST(TokenizerFiles, UnigramModelsAloneGiveWhatTokenizerJsonGives) {
  NACRE_NEEDS_SHARED("tokenizers/xlnet/spiece.model.gz");
  for (const std::string folder : {"t5", "albert-german", "xlnet", "deberta-v3-chain-small"}) {
    const Directory directory;
    const auto tokenizer = with_model_alone(directory, folder, folder.starts_with("deberta") ? "tokenizer.model" : "spiece.model");
    ASSERT_TRUE(tokenizer) << tokenizer.error().what();
    check_corpus(*tokenizer, folder);
  }
}

TEST(TokenizerFiles, SentencePieceBpeModelsAloneGiveTheIdsOfTokenizerJson) {
  NACRE_NEEDS_SHARED("tokenizers/gemma2/tokenizer.model.gz");
  for (const std::string folder : {"gemma2", "mistral-v1-legacy"}) {
    const Directory directory;
    const auto tokenizer = with_model_alone(directory, folder, "tokenizer.model");
    ASSERT_TRUE(tokenizer) << tokenizer.error().what();
    for (const Json& line : read_json_lines(shared_path("tokenizers/" + folder + "/golden.jsonl.gz"))) {
      const std::string& text = corpus().at(static_cast<size_t>(*line.integer("i")));
      EXPECT_EQ(numbers(tokenizer->encode(text)->ids), *line.at("ids")->integers()) << folder << ": " << text;
    }
  }
}

TEST(TokenizerFiles, XlnetsFrameIsBehindTheText) {
  NACRE_NEEDS_SHARED("tokenizers/xlnet/spiece.model.gz");
  const Directory directory;
  const auto tokenizer = with_model_alone(directory, "xlnet");
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  const auto pair = tokenizer->encode("Hello world", "caf\u00E9<mask>");
  ASSERT_TRUE(pair);
  const std::vector<std::string_view> tokens = pair->tokens, end(tokens.end() - 3, tokens.end());
  EXPECT_EQ(end, (std::vector<std::string_view>{"<mask>", "<sep>", "<cls>"}));
  EXPECT_EQ(pair->type_ids.back(), 2u);
  EXPECT_EQ(pair->type_ids[pair->size() - 2], 1u);
  EXPECT_EQ(pair->type_ids.front(), 0u);
  EXPECT_EQ(pair->ids, tokenizer->encode("Hello world", "cafe<mask>")->ids);
}

TEST(TokenizerFiles, AlbertsAccentsAndCaseAreThoseOfItsSettings) {
  NACRE_NEEDS_SHARED("tokenizers/albert-german/spiece.model.gz");
  const Directory directory;
  const auto tokenizer = with_model_alone(directory, "albert-german");
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  const auto got = tokenizer->encode("\u00DCber ``Wien''");
  // As the package tokenizers has it: a quote of the text is a token of its own, one that normalisation makes is not.
  EXPECT_EQ(got->ids, (std::vector<uint32_t>{2, 13, 3332, 30, 13, 7, 1762, 26, 7, 3}));
  EXPECT_EQ(tokenizer->encode("uber \"wien\"")->ids, (std::vector<uint32_t>{2, 13, 3332, 30, 13, 7, 77, 26, 7, 3}));
  EXPECT_EQ(got->tokens.front(), "[CLS]");
  EXPECT_EQ(got->offsets[1].begin, 0u);
}

TEST(TokenizerFiles, TheNameOfAFairseqModelChangesItsNumbers) {
  NACRE_NEEDS_SHARED("tokenizers/spm-unigram-bytes/tokenizer.model.gz");
  const std::string bytes = read_gz(shared_path("tokenizers/spm-unigram-bytes/tokenizer.model.gz"));
  const auto own = Tokenizer::parse_sentencepiece(std::as_bytes(std::span(bytes)));
  const Directory directory;
  directory.add("sentencepiece.bpe.model", bytes);
  const auto xlm = Tokenizer::load(directory.path());
  ASSERT_TRUE(xlm) << xlm.error().what();
  const auto size = static_cast<uint32_t>(own->vocabulary_size());
  std::vector<uint32_t> want{0}, all{5};
  for (const uint32_t id : own->encode("Hello world 12")->ids) want.push_back(id + 1), all.push_back(id + 4);
  want.insert(want.end(), {size + 1, 2}), all.insert(all.end(), {size + 4, 6});
  EXPECT_EQ(xlm->encode("Hello world 12 <mask>")->ids, want);
  EXPECT_EQ(xlm->encode("<pad>")->ids, (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(xlm->encode("", "")->ids, (std::vector<uint32_t>{0, 2, 2, 2}));
  directory.add("config.json", R"({"model_type": "camembert", "bos_token_id": 5, "eos_token_id": 6})");
  EXPECT_EQ(Tokenizer::load(directory.path())->encode("Hello world 12 <mask>")->ids, all);
}

TEST(TokenizerFiles, CharactersDecodeAsCtc) {
  const Directory directory;
  directory.add("vocab.json", R"({"<pad>": 0, "<unk>": 1, "|": 2, "a": 3, "b": 4})");
  directory.add("tokenizer_config.json", R"({"word_delimiter_token": "|", "pad_token": "<pad>", "unk_token": "<unk>"})");
  const auto tokenizer = Tokenizer::load(directory.path());
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  EXPECT_EQ(*tokenizer->decode(std::vector<uint32_t>{3, 3, 0, 3, 2, 2, 4}), "aa b");
  EXPECT_EQ(tokenizer->encode("ab b")->ids, (std::vector<uint32_t>{3, 4, 2, 4}));
}

TEST(TokenizerFiles, WhatIsMissingIsNamed) {
  const Directory directory;
  const auto nothing = Tokenizer::load(directory.path());
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code(), ErrorCode::not_found);
  EXPECT_NE(nothing.error().message().find("vocab.json with merges.txt"), std::string::npos);
  directory.add("vocab.json", R"({"a": 0, "b": 1, "ab": 2})");
  directory.add("merges.txt", "#version: 0.2\na b\na b b\n");
  const auto broken = Tokenizer::load(directory.path());
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message().find("merges.txt line 3: expected two tokens, found \"a b b\""), std::string::npos)
      << broken.error().what();
}

TEST(TokenizerFiles, AddedTokensHaveTheirIds) {
  const Directory directory;
  directory.add("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\r\nworld\n");
  directory.add("added_tokens.json", R"({"<new>": 8, "<newer>": 7})");
  directory.add("special_tokens_map.json", R"({"additional_special_tokens": ["<new>"]})");
  const auto tokenizer = Tokenizer::load(directory.path());
  ASSERT_TRUE(tokenizer) << tokenizer.error().what();
  EXPECT_EQ(tokenizer->encode("Hello<new> <newer>world [MASK]")->ids, (std::vector<uint32_t>{2, 5, 8, 7, 6, 4, 3}));
  EXPECT_EQ(*tokenizer->decode(std::vector<uint32_t>{2, 5, 8, 7, 3}), "hello <newer>");
}

}  // namespace
}  // namespace nacre

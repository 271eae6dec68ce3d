// Which files of a directory a tokenizer is made from.
#include "core/log.h"
#include "core/os/file.h"
#include "text/sentencepiece/converted.h"
#include "text/tokenizer.h"
#include "text/tokenizer_files.h"

namespace nacre {
namespace {

constexpr std::string_view kFairseqName = "sentencepiece.bpe.model";  // the name that goes with fairseq's numbering
constexpr std::string_view kSentencePieceNames[] = {"tokenizer.model", "spiece.model", kFairseqName, "sentencepiece.model", "spm.model"};

/// The first of the names that the directory has.
std::optional<std::string> first_file(const std::string& directory, std::span<const std::string_view> names) {
  for (const std::string_view name : names)
    if (std::string path = cat(directory, "/", name); is_file(path)) return path;
  return std::nullopt;
}

Result<Tokenizer> parse_text(const Result<std::string>& json) {
  if (!json) return std::unexpected(json.error());
  return Tokenizer::parse(*json);
}

}  // namespace

Result<Tokenizer> Tokenizer::load(const std::string& path) {
  const bool directory = is_directory(path);
  if (directory && !is_file(path + "/tokenizer.json")) return load_parts(path);
  const std::string file = directory ? path + "/tokenizer.json" : path;
  const MappedFile mapped = NACRE_TRY(map_file(file));
  const bool json = !file.ends_with(".model");
  Result<Tokenizer> out = json ? parse(mapped.text()) : parse_sentencepiece(mapped.bytes());
  if (!out) out.error().within(file);
  return out;
}

Result<Tokenizer> Tokenizer::load_parts(const std::string& directory) {
  TokenizerSettings settings = NACRE_TRY(TokenizerSettings::read(directory));
  const auto path_of = [&](std::string_view name) { return cat(directory, "/", name); };
  const bool vocab_json = is_file(path_of("vocab.json"));
  if (const auto model = first_file(directory, kSentencePieceNames)) {
    const auto files = model->ends_with(kFairseqName) ? VocabularyFiles::fairseq : VocabularyFiles::sentencepiece;
    Result<Tokenizer> pieces = load_pieces(*model, settings);
    return with_settings(std::move(pieces), settings, files, *model);
  }
  if (vocab_json && is_file(path_of("merges.txt"))) {
    const MappedFile vocab = NACRE_TRY(map_file(path_of("vocab.json"))), merges = NACRE_TRY(map_file(path_of("merges.txt")));
    const bool clip = vocab.text().find("</w>\"") != std::string_view::npos;
    return with_settings(parse_text(json_of_merges(vocab.text(), merges.text(), settings)), settings,
                         clip ? VocabularyFiles::clip : VocabularyFiles::byte_level, directory);
  }
  if (!vocab_json && !is_file(path_of("vocab.txt")))
    return fail(ErrorCode::not_found, directory, " has no tokenizer: none of tokenizer.json, tokenizer.model, spiece.model, ",
                "sentencepiece.bpe.model, vocab.json with merges.txt, vocab.txt, vocab.json");
  const MappedFile vocab = NACRE_TRY(map_file(path_of(vocab_json ? "vocab.json" : "vocab.txt")));
  const auto json = vocab_json ? json_of_characters(vocab.text(), settings) : json_of_vocab_txt(vocab.text(), settings);
  return with_settings(parse_text(json), settings, vocab_json ? VocabularyFiles::characters : VocabularyFiles::word_piece, directory);
}

/// A directory's: what is no text for SentencePiece is a special token for transformers, found in the text.
Result<Tokenizer> Tokenizer::load_pieces(const std::string& path, TokenizerSettings& settings) {
  using Kind = SentencePieces::Kind;
  const MappedFile file = NACRE_TRY(map_file(path));
  auto numbering = SentencePieces::Numbering::own;
  // CamemBERT's <s> has its own number behind the four; XLM-RoBERTa's is the first.
  if (path.ends_with(kFairseqName))
    numbering = settings.start_id == 5 ? SentencePieces::Numbering::fairseq_all : SentencePieces::Numbering::fairseq;
  const auto pieces = NACRE_TRY(SentencePieces::parse(file.bytes(), numbering));
  settings.start = pieces->start, settings.end = pieces->end;
  // transformers converts Unigram models; its other classes give the text to SentencePiece itself, or do the same.
  const bool converted = settings.found && pieces->algorithm == SentencePieces::Algorithm::unigram && !pieces->byte_fallback;
  for (uint32_t id = 0; id < pieces->size(); ++id) {
    const bool special = pieces->kind(id) == Kind::control || pieces->kind(id) == Kind::unknown;
    const std::string content(pieces->piece(id));
    if (special || (converted && pieces->kind(id) == Kind::user_defined))
      settings.additional.push_back({.content = content, .lstrip = content == "<mask>", .normalized = false, .special = special});
  }
  if (numbering != SentencePieces::Numbering::own && !settings.role("mask_token"))
    settings.roles["mask_token"] = {.content = "<mask>", .lstrip = true, .normalized = false, .special = true};
  if (!converted) return of_pieces(pieces, &settings);
  const PieceFamily family = family_of(*pieces, settings);
  add_usual_tokens(family, settings);
  return parse(json_of_pieces(*pieces, NACRE_TRY(sentencepiece::parse_model(file.bytes())).charsmap, family, settings));
}

Result<Tokenizer> Tokenizer::parse_sentencepiece(std::span<const std::byte> bytes) {
  return of_pieces(NACRE_TRY(SentencePieces::parse(bytes)), nullptr);
}

/// With settings their tokens show in decoded text though they are control pieces.
Tokenizer Tokenizer::of_pieces(const std::shared_ptr<const SentencePieces>& pieces, const TokenizerSettings* settings) {
  std::set<std::string, std::less<>> shown;
  if (settings)
    for (const AddedToken& token : settings->tokens()) shown.insert(token.content);
  Tokenizer out;
  out.normalizer_ = make_normalizer(pieces);
  out.model_ = make_model(pieces);
  out.decoder_ = make_decoder(pieces, std::move(shown));
  out.unknown_id_ = pieces->unknown();
  return out;
}

/// With the tokens of the files beside the vocabulary, and what they put around a text.
Result<Tokenizer> Tokenizer::with_settings(Result<Tokenizer> made, const TokenizerSettings& settings, VocabularyFiles files,
                                           const std::string& where) {
  if (!made) {
    made.error().within(where);
    return made;
  }
  std::vector<AddedToken> tokens = settings.tokens();
  if (files == VocabularyFiles::word_piece)
    for (const std::string_view usual : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})
      if (made->find(usual)) tokens.push_back({.content = std::string(usual), .normalized = false, .special = true});
  if (files == VocabularyFiles::characters)  // what parts equal characters must reach the decoder
    std::erase_if(tokens, [&](const AddedToken& token) { return token.content == settings.role_or("pad_token", "<pad>"); });
  made->add_tokens(std::move(tokens));
  for (const auto& [id, token] : settings.by_id) {
    const auto given = made->find(token.content);
    if (given && *given != id) log_message(LogLevel::warning, where, ": ", json_quoted(token.content), " has id ", *given, ", not ", id);
  }
  const std::string around = post_processor_json(files, settings, [&](std::string_view token) { return made->find(token); });
  if (!around.empty()) made->post_processor_ = NACRE_TRY(load_post_processor(NACRE_TRY(parse_json(around))));
  return made;
}

}  // namespace nacre

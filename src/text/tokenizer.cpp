#include "text/tokenizer.h"

#include <algorithm>

#include "core/log.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr size_t kMostAddedBytes = size_t{16} << 20;  // their automaton takes 28 times as many

/// Code points before a byte, for places that mostly move forward.
class CodeCounter {
 public:
  explicit CodeCounter(std::string_view text) : text_(text), ascii_(is_ascii(text)) {}
  ByteRange codes_of(ByteRange bytes) noexcept {
    if (ascii_) return bytes;
    return {before(bytes.begin), before(bytes.end)};
  }

 private:
  uint32_t before(uint32_t byte) noexcept {
    for (; byte_ < byte; ++byte_) codes_ += starts_code(text_[byte_]);
    for (; byte_ > byte; --byte_) codes_ -= starts_code(text_[byte_ - 1]);
    return codes_;
  }
  std::string_view text_;
  bool ascii_;
  uint32_t byte_ = 0, codes_ = 0;
};

/// Encodes one text: between the added tokens normalise, split into words, take pieces.
class TextEncoder {
 public:
  TextEncoder(const Normalizer* normalizer, const PreTokenizer* pre_tokenizer, const TokenModel& model, const AddedTokens& added)
      : normalizer_(normalizer), pre_tokenizer_(pre_tokenizer), model_(model), added_(added) {}

  Result<Encoding> run(std::string_view text) {
    codes_ = CodeCounter(text);
    out_.reserve(text.size() / 3 + 4);
    added_.split_raw(text, [&](std::optional<uint32_t> id, ByteRange range) {
      if (!status_) return;
      if (id) return push_added(*id, text.substr(range.begin, range.size()), range);
      base_ = range.begin;
      section_.text.reset(text.substr(range.begin, range.size()));
      if (normalizer_) normalizer_->apply(section_.text);
      if (section_.text.is_too_long()) {
        status_ = fail(ErrorCode::resource_exhausted, "normalising makes too much of ", range.size(),
                       " bytes of text: more than 64 times as many");
        return;
      }
      if (added_.any_normalized()) return encode_normalized();
      encode_section();
    });
    NACRE_TRY(std::move(status_));
    return std::move(out_);
  }

 private:
  /// The section's text, with the tokens that are to be found in normalised text.
  void encode_normalized() {
    std::swap(whole_, section_.text);
    added_.split_normalized(whole_.text(), [&](std::optional<uint32_t> id, ByteRange range) {
      if (!status_) return;
      if (id) return push_added(*id, whole_.text().substr(range.begin, range.size()), place(whole_, range));
      section_.text.assign_part(whole_, range.begin, range.end);
      encode_section();
    });
  }

  void encode_section() {
    if (!(status_ = section_.text.status()) || section_.text.text().empty()) return;
    section_.at_start = base_ == 0 && section_.text.origin(0, 1).begin == 0;
    section_.words.assign(1, {0, static_cast<uint32_t>(section_.text.text().size())});
    section_.bytes_as_characters = false;
    if (pre_tokenizer_) pre_tokenizer_->split(section_);
    if (!(status_ = section_.text.status())) return;
    pieces_.clear();
    if (!model_.reads_bytes()) section_.write_characters();
    status_ = section_.bytes_as_characters ? model_.tokenize_bytes(section_.text.text(), section_.words, pieces_)
                                           : model_.tokenize(section_.text.text(), section_.words, pieces_);
    if (!status_) return;
    for (const Piece& piece : pieces_) {
      const std::string_view text = section_.text.text().substr(piece.range.begin, piece.range.size());
      const std::string_view token = piece.shows_text ? keep(text) : model_.vocabulary().token(piece.id);
      push(piece.id, token, place(section_.text, piece.range), static_cast<int32_t>(words_ + piece.word));
    }
    words_ += section_.words.size();
  }

  /// The token of an added one is what was found: with the white space it took along, as normalised.
  void push_added(uint32_t id, std::string_view found, ByteRange bytes) {
    const std::string_view content = added_.find(id)->content;
    push(id, found == content ? content : keep(found), bytes, static_cast<int32_t>(words_++));
  }

  std::string_view keep(std::string_view text) {
    if (!texts_) out_.texts.push_back(texts_ = std::make_shared<std::deque<std::string>>());
    return texts_->emplace_back(text);
  }

  ByteRange place(const Normalized& text, ByteRange range) const noexcept {
    const ByteRange origin = text.origin(range.begin, range.end);
    return {base_ + origin.begin, base_ + origin.end};
  }

  void push(uint32_t id, std::string_view token, ByteRange bytes, int32_t word) {
    out_.ids.push_back(id);
    out_.tokens.push_back(token);
    out_.byte_offsets.push_back(bytes);
    out_.offsets.push_back(codes_.codes_of(bytes));
    out_.word_ids.push_back(word);
  }

  const Normalizer* normalizer_;
  const PreTokenizer* pre_tokenizer_;
  const TokenModel& model_;
  const AddedTokens& added_;
  Encoding out_;
  std::shared_ptr<std::deque<std::string>> texts_;
  CodeCounter codes_{""};
  Section section_;
  Normalized whole_;
  std::vector<Piece> pieces_;
  size_t words_ = 0;
  uint32_t base_ = 0;  // where the section starts in the text
  Result<void> status_;
};

Result<void> check_text(std::string_view text) {
  if (text.size() >= UINT32_MAX) return fail(ErrorCode::resource_exhausted, "a text of ", text.size(), " bytes, the limit is ", UINT32_MAX);
  if (const auto bad = find_invalid_utf8(text)) {
    auto error = fail(ErrorCode::invalid_argument, "the text is not UTF-8: ill-formed sequence at byte ", *bad);
    error.error().suggest("replace_invalid reads such bytes as U+FFFD");
    return error;
  }
  return {};
}

/// The part under `key`; null when the file has none.
template <class Part>
Result<std::unique_ptr<const Part>> load_part(const Json& json, std::string_view key,
                                              Result<std::unique_ptr<const Part>> (*load)(const Json&)) {
  if (!json.has(key)) return nullptr;
  return load(NACRE_TRY(json.at(key)));
}

Encoding joined(std::vector<Encoding>& encodings) {
  if (encodings.empty()) return {};
  Encoding out = std::move(encodings.front());
  for (size_t i = 1; i < encodings.size(); ++i) out.append(encodings[i]);
  return out;
}

/// As the reference: post-processors know the sequence of windows, without one it is forgotten, and that of a single text, too.
void set_sequences(std::vector<Encoding>& encodings, bool processed) {
  if (!processed && encodings.size() < 2) return;
  for (uint32_t i = 0; i < encodings.size(); ++i) {
    encodings[i].set_sequence(i);
    if (!processed) continue;
    for (Encoding& window : encodings[i].overflow) window.set_sequence(i);
  }
}

}  // namespace

Result<Tokenizer> Tokenizer::parse(std::string_view text) {
  const Json json = NACRE_TRY(parse_json(text, {.views = true}));
  Tokenizer out;
  out.normalizer_ = NACRE_TRY(load_part(json, "normalizer", load_normalizer));
  out.pre_tokenizer_ = NACRE_TRY(load_part(json, "pre_tokenizer", load_pre_tokenizer));
  out.model_ = NACRE_TRY(load_model(NACRE_TRY(json.at("model"))));
  out.post_processor_ = NACRE_TRY(load_part(json, "post_processor", load_post_processor));
  out.decoder_ = NACRE_TRY(load_part(json, "decoder", load_decoder));
  if (json.has("truncation")) out.stored_.truncation = NACRE_TRY(Truncation::load(NACRE_TRY(json.at("truncation"))));
  if (json.has("padding")) out.stored_.padding = NACRE_TRY(Padding::load(NACRE_TRY(json.at("padding"))));
  NACRE_TRY(out.read_marks(NACRE_TRY(json.at("model"))));
  if (!json.has("added_tokens")) return out;
  for (const Json& entry : NACRE_TRY(NACRE_TRY(json.at("added_tokens")).elements())) {
    AddedToken token = NACRE_TRY(AddedToken::load(entry));
    if (out.added_.bytes() + token.content.size() > kMostAddedBytes)
      return fail(ErrorCode::resource_exhausted, entry.path(), ": added tokens of more than ", kMostAddedBytes, " bytes together");
    const int64_t wanted = NACRE_TRY(entry.integer("id"));
    const auto given = out.added_.add(std::move(token), out.model_->vocabulary());  // as the reference, which warns too
    if (given && *given != wanted) log_message(LogLevel::warning, entry.path(), ": id ", wanted, " becomes ", *given);
  }
  out.added_.refresh(out.normalizer_.get());
  return out;
}

/// Unigram names the unknown token by id, the others by its text.
Result<void> Tokenizer::read_marks(const Json& model) {
  continuing_prefix_ = NACRE_TRY(model.text("continuing_subword_prefix", ""));
  if (model.has("unk_token")) unknown_id_ = model_->vocabulary().find(NACRE_TRY(model.text("unk_token")));
  if (model.has("unk_id")) unknown_id_ = static_cast<uint32_t>(NACRE_TRY(model.integer("unk_id")));
  return {};
}

Result<Encoding> Tokenizer::encode_text(std::string_view text, uint32_t type_id, const EncodeOptions& options) const {
  const Result<void> valid = check_text(text);
  std::string replaced;
  if (!valid) {
    if (!options.replace_invalid || valid.error().code() != ErrorCode::invalid_argument) return std::unexpected(valid.error());
    text = replaced = replace_invalid_utf8(text);
  }
  Encoding out = NACRE_TRY(TextEncoder(normalizer_.get(), pre_tokenizer_.get(), *model_, added_).run(text));
  out.type_ids.assign(out.size(), type_id);
  out.special_tokens_mask.assign(out.size(), 0);
  out.attention_mask.assign(out.size(), 1);
  return out;
}

Result<Encoding> Tokenizer::finish(std::vector<Encoding> encodings, const EncodeOptions& options) const {
  const bool pair = encodings.size() == 2;
  const size_t added = post_processor_ && options.add_special_tokens ? post_processor_->added(pair) : 0;
  if (options.truncation) NACRE_TRY(truncate(encodings[0], pair ? &encodings[1] : nullptr, *options.truncation, added));
  set_sequences(encodings, post_processor_ != nullptr);
  if (post_processor_) NACRE_TRY(post_processor_->apply(encodings, options.add_special_tokens));
  Encoding out = joined(encodings);
  if (options.padding) {
    pad({&out, 1}, *options.padding);
  } else {
    out.write_sequence_ids();
  }
  return out;
}

Result<Encoding> Tokenizer::encode(const TextInput& input, const EncodeOptions& options) const {
  std::vector<Encoding> encodings;
  encodings.push_back(NACRE_TRY(encode_text(input.first, 0, options)));
  if (input.second) encodings.push_back(NACRE_TRY(encode_text(*input.second, 1, options)));
  return finish(std::move(encodings), options);
}

Result<Encoding> Tokenizer::encode_sequence(std::span<const std::string_view> words, uint32_t type_id, const EncodeOptions& options) const {
  Encoding out;
  for (size_t word = 0; word < words.size(); ++word) {
    Encoding encoding = NACRE_TRY(encode_text(words[word], type_id, options));
    std::fill(encoding.word_ids.begin(), encoding.word_ids.end(), static_cast<int32_t>(word));
    out.append(encoding);
  }
  return out;
}

Result<Encoding> Tokenizer::encode_words(const WordsInput& input, const EncodeOptions& options) const {
  std::vector<Encoding> encodings;
  encodings.push_back(NACRE_TRY(encode_sequence(input.first, 0, options)));
  if (input.second) encodings.push_back(NACRE_TRY(encode_sequence(*input.second, 1, options)));
  return finish(std::move(encodings), options);
}

Result<std::vector<Encoding>> Tokenizer::encode_batch(std::span<const TextInput> inputs, const EncodeOptions& options) const {
  EncodeOptions unpadded = options;
  unpadded.padding.reset();
  std::vector<Encoding> out;
  out.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    Result<Encoding> encoding = encode(inputs[i], unpadded);
    if (!encoding) encoding.error().within(cat("text ", i));
    out.push_back(NACRE_TRY(std::move(encoding)));
  }
  if (options.padding) pad(out, *options.padding);
  return out;
}

Result<std::string> Tokenizer::decode(std::span<const uint32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const uint32_t id : ids) {
    const std::string_view content = token(id);
    const bool known = added_.find(id) || model_->vocabulary().has(id);
    if (known && !(skip_special_tokens && added_.is_special(content))) tokens.emplace_back(content);
  }
  return join(std::move(tokens));
}

Result<std::string> Tokenizer::join(std::vector<std::string> tokens) const {
  if (decoder_) NACRE_TRY(decoder_->apply(tokens));
  std::string out;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!decoder_ && i > 0) out += ' ';
    out += tokens[i];
  }
  return out;
}

std::string_view Tokenizer::token(uint32_t id) const noexcept {
  const AddedToken* added = added_.find(id);
  return added ? std::string_view(added->content) : model_->vocabulary().token(id);
}

std::optional<uint32_t> Tokenizer::find(std::string_view token) const noexcept {
  const auto added = added_.find(token);
  return added ? added : model_->vocabulary().find(token);
}

size_t Tokenizer::vocabulary_size(bool with_added) const noexcept {
  return model_->vocabulary().size() + (with_added ? added_.beyond(model_->vocabulary()) : 0);
}

size_t Tokenizer::add_tokens(std::vector<AddedToken> tokens) {
  size_t fresh = 0;
  for (AddedToken& token : tokens) fresh += added_.add(std::move(token), model_->vocabulary()).has_value();
  added_.refresh(normalizer_.get());
  return fresh;
}

}  // namespace nacre

#include "nacre/chunk.h"

#include <algorithm>
#include <cmath>

#include "importers/huggingface/directory.h"
#include "nacre/embed.h"
#include "nacre/similarity.h"
#include "pipelines/text_model.h"
#include "text/sentences.h"
#include "text/unicode.h"

namespace nacre {

struct Chunker::State {
  Tokenizer tokenizer;
  ChunkOptions options;
  std::optional<Embedder> embedder;
};

namespace {

/// Bytes where parts of the text end, ascending.
using Ends = std::vector<uint32_t>;

/// A text with the places of its tokens: how many a part has, and where it may be cut.
class Measured {
 public:
  static Result<Measured> of(const Tokenizer& tokenizer, std::string_view text) {
    Measured out(tokenizer, text);
    out.encoding_ = NACRE_TRY(tokenizer.encode(text, {.add_special_tokens = false}));
    uint32_t last = 0;  // begins ascend, but for tokens that share a character
    for (const ByteRange& range : out.encoding_.byte_offsets) out.begins_.push_back(last = std::max(last, range.begin));
    return out;
  }

  std::string_view text() const { return text_; }
  uint32_t size() const { return static_cast<uint32_t>(text_.size()); }
  /// Tokens that begin in the part, as the whole text has them.
  int64_t tokens(uint32_t begin, uint32_t end) const { return first_token(end) - first_token(begin); }
  /// As many as the part has on its own.
  Result<int64_t> tokens_alone(uint32_t begin, uint32_t end) const {
    return static_cast<int64_t>(NACRE_TRY(tokenizer_.encode(text_.substr(begin, end - begin), {.add_special_tokens = false})).size());
  }

  /// Words of the part, with what is behind them; those of more than `most` tokens in pieces.
  Ends words(uint32_t begin, uint32_t end, int64_t most) const {
    Ends out;
    int64_t count = 0;
    const auto first = static_cast<size_t>(first_token(begin)), last = static_cast<size_t>(first_token(end));
    for (size_t token = first; token + 1 < last; ++token) {
      ++count;
      const uint32_t next = begins_[token + 1];
      const bool new_word = encoding_.word_ids[token + 1] != encoding_.word_ids[token] || encoding_.word_ids[token] < 0;
      const bool can_cut = next >= encoding_.byte_offsets[token].end && next > (out.empty() ? begin : out.back());
      if (can_cut && (new_word || count >= most)) out.push_back(next), count = 0;
    }
    if (end > begin) out.push_back(end);
    return out;
  }

 private:
  Measured(const Tokenizer& tokenizer, std::string_view text) : tokenizer_(tokenizer), text_(text) {}
  int64_t first_token(uint32_t byte) const { return std::lower_bound(begins_.begin(), begins_.end(), byte) - begins_.begin(); }

  const Tokenizer& tokenizer_;
  std::string_view text_;
  Encoding encoding_;
  Ends begins_;
};

/// Cuts without overlap. The first chunk may have all tokens, the others leave room for what they take from the one before.
class Cutter {
 public:
  Cutter(const Measured& text, const ChunkOptions& options) : text_(text), options_(options) {}

  /// As many parts as fit together, from `begin` on. Parts that are too large alone are cut at words.
  Result<void> pack(uint32_t begin, std::span<const uint32_t> parts) {
    uint32_t start = begin;
    for (const uint32_t end : parts) {
      if (NACRE_TRY(fits(start, end))) {
        begin = end;
        continue;
      }
      cut(start, begin);
      start = begin;
      if (!NACRE_TRY(fits(begin, end))) start = NACRE_TRY(pack_words(begin, end));
      begin = end;
    }
    cut(start, begin);
    return {};
  }

  /// Parts end behind the first separator; those that are too large are cut by the next one.
  Result<void> split(uint32_t begin, uint32_t end, std::span<const std::string> separators) {
    if (separators.empty()) return pack(begin, text_.words(begin, end, least_budget()));
    uint32_t start = begin, done = begin;  // what is together so far: [start, done)
    for (const uint32_t part : parts_of(begin, end, separators[0])) {
      if (!NACRE_TRY(fits(start, part))) {
        cut(start, done);
        start = done;
        if (!NACRE_TRY(fits(done, part))) {
          NACRE_TRY(split(done, part, separators.subspan(1)));
          start = part;
        }
      }
      done = part;
    }
    cut(start, done);
    return {};
  }

  Ends take() { return std::move(ends_); }

 private:
  int64_t least_budget() const { return options_.size - options_.overlap; }
  int64_t budget() const { return ends_.empty() ? options_.size : least_budget(); }

  /// A part alone may have other tokens than inside the text: the count that is asked for is the one alone.
  Result<bool> fits(uint32_t begin, uint32_t end) const {
    if (text_.tokens(begin, end) > budget()) return false;
    return NACRE_TRY(text_.tokens_alone(begin, end)) <= budget();
  }

  /// What has no token stays with the chunk before.
  void cut(uint32_t begin, uint32_t end) {
    if (end <= begin) return;
    if (!ends_.empty() && text_.tokens(begin, end) == 0)
      ends_.back() = end;
    else
      ends_.push_back(end);
  }

  /// Where the rest begins that is not yet cut.
  Result<uint32_t> pack_words(uint32_t begin, uint32_t end) {
    uint32_t start = begin;
    for (const uint32_t word : text_.words(begin, end, least_budget())) {
      if (word > begin && begin > start && !NACRE_TRY(fits(start, word))) cut(start, begin), start = begin;
      begin = word;
    }
    return start;
  }

  Ends parts_of(uint32_t begin, uint32_t end, const std::string& separator) const {
    Ends out;
    for (uint32_t at = begin; at < end;) {
      const size_t found = separator.empty() ? std::string_view::npos : text_.text().find(separator, at);
      at = found == std::string_view::npos ? end : static_cast<uint32_t>(std::min<size_t>(found + separator.size(), end));
      out.push_back(at);
    }
    return out;
  }

  const Measured& text_;
  const ChunkOptions& options_;
  Ends ends_;
};

/// numpy.percentile with linear interpolation.
double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = std::clamp(share, 0.0, 100.0) / 100 * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(place);
  const size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (values[high] - values[low]) * (place - static_cast<double>(low));
}

/// Neighbours two by two, as one sentence alone says little; at both ends there is one.
std::vector<std::string> pairs_of(std::string_view text, const Ends& sentences) {
  std::vector<std::string> out;
  for (size_t i = 0; i <= sentences.size(); ++i) {
    const uint32_t begin = i < 2 ? 0 : sentences[i - 2], end = sentences[std::min(i, sentences.size() - 1)];
    out.emplace_back(text.substr(begin, end - begin));
  }
  return out;
}

/// The sentences after which the meaning changes, and the last one.
std::vector<size_t> breakpoints(const Embedder& embedder, std::string_view text, const Ends& sentences, double share) {
  std::vector<size_t> out;
  if (sentences.size() > 1) {
    const Tensor vectors = embedder.embed(pairs_of(text, sentences)).vectors;
    const auto width = static_cast<size_t>(vectors.shape()[1]);
    std::vector<double> distances;
    for (size_t i = 0; i + 1 < sentences.size(); ++i)
      distances.push_back(1 - similarity(vectors.data<float>().subspan(i * width, width),
                                         vectors.data<float>().subspan((i + 2) * width, width), Metric::cosine));
    const double most = percentile(distances, share);
    for (size_t i = 0; i < distances.size(); ++i)
      if (distances[i] > most) out.push_back(i);
  }
  if (!sentences.empty()) out.push_back(sentences.size() - 1);
  return out;
}

Result<Ends> cut_text(const Measured& text, const ChunkOptions& options, const Embedder* embedder) {
  Cutter cutter(text, options);
  if (options.method == ChunkMethod::token) NACRE_TRY(cutter.pack(0, text.words(0, text.size(), options.size - options.overlap)));
  if (options.method == ChunkMethod::recursive) NACRE_TRY(cutter.split(0, text.size(), options.separators));
  if (options.method == ChunkMethod::token || options.method == ChunkMethod::recursive) return cutter.take();
  const Ends sentences = sentence_ends(text.text());
  if (!embedder) {
    NACRE_TRY(cutter.pack(0, sentences));
    return cutter.take();
  }
  size_t first = 0;
  for (const size_t last : breakpoints(*embedder, text.text(), sentences, options.percentile)) {
    NACRE_TRY(cutter.pack(first ? sentences[first - 1] : 0, std::span(sentences).subspan(first, last + 1 - first)));
    first = last + 1;
  }
  return cutter.take();
}

/// Where a chunk begins that takes whole words of the one before, of at most `overlap` tokens.
uint32_t begin_with_overlap(const Measured& text, uint32_t before, uint32_t begin, int64_t overlap) {
  if (overlap == 0) return begin;
  uint32_t out = begin;
  const Ends words = text.words(before, begin, overlap);
  for (size_t i = words.size(); i > 0; --i) {
    const uint32_t start = i > 1 ? words[i - 2] : before;
    if (text.tokens(start, begin) > overlap) break;
    out = start;
  }
  return out;
}

}  // namespace

Chunker Chunker::load(const std::filesystem::path& path, const ChunkOptions& options) {
  if (options.size < 1 || options.overlap < 0 || options.overlap >= options.size)
    throw Error(ErrorCode::invalid_argument,
                cat("chunks of ", options.size, " tokens with ", options.overlap, " of overlap: expected 0 <= overlap < size"));
  const bool file = std::filesystem::is_regular_file(path);
  const std::string place = file ? path.string() : unwrap(ModelDirectory::open(path.string())).path();
  State state{unwrap(Tokenizer::load(place)), options, {}};
  if (options.method == ChunkMethod::semantic)
    state.embedder = Embedder::load(place, {.session = options.task.session, .batch_tokens = options.task.batch_tokens});
  if (state.embedder && state.embedder->pooling() == Pooling::none)
    throw Error(ErrorCode::unsupported, "semantic chunks take one vector a text, this model has one for each token");
  return Chunker(std::make_shared<State>(std::move(state)));
}

std::vector<Chunk> Chunker::chunk(std::string_view given) const {
  const std::string replaced = state_->options.task.replace_invalid ? replace_invalid_utf8(given) : std::string();
  const std::string_view text = state_->options.task.replace_invalid ? std::string_view(replaced) : given;
  const Measured measured = unwrap(Measured::of(state_->tokenizer, text));
  std::vector<Chunk> out;
  uint32_t before = 0, begin = 0;
  size_t codes = 0, counted = 0;  // code points before byte `counted`
  for (const uint32_t end : unwrap(cut_text(measured, state_->options, state_->embedder ? &*state_->embedder : nullptr))) {
    const uint32_t start = out.empty() ? 0 : begin_with_overlap(measured, before, begin, state_->options.overlap);
    codes += count_codes(text.substr(counted, begin - counted)), counted = begin;
    const size_t first = codes - count_codes(text.substr(start, begin - start));
    Chunk chunk{.text = std::string(text.substr(start, end - start)),
                .span = {first, codes + count_codes(text.substr(begin, end - begin)), start, end},
                .token_count = unwrap(measured.tokens_alone(start, end)),
                .index = static_cast<int64_t>(out.size())};
    out.push_back(std::move(chunk));
    before = begin, begin = end;
  }
  return out;
}

}  // namespace nacre

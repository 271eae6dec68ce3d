// BPE: a word starts as its characters (or bytes); neighbours merge in the order of the file's merges until none is left.
// https://arxiv.org/abs/1508.07909
#include <array>
#include <span>

#include "text/byte_level.h"
#include "text/component.h"
#include "text/unicode.h"
#include "text/word_cache.h"

namespace nacre {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581, which stands for a space in SentencePiece's vocabularies
constexpr uint32_t kNone = Vocabulary::kNoId;
constexpr size_t kMergeBlock = 64;

struct Settings {
  std::string unknown, prefix, suffix;
  bool has_unknown = false, fuse_unknown = false, byte_fallback = false, ignore_merges = false;
};

/// True when the token has a mark behind something other than a mark.
bool has_inner_mark(std::string_view token) {
  for (size_t at = token.find(kSpaceMark); at != token.npos; at = token.find(kSpaceMark, at + kSpaceMark.size()))
    if (at > 0 && !token.substr(0, at).ends_with(kSpaceMark)) return true;
  return false;
}

class Bpe final : public TokenModel {
 public:
  Bpe(Vocabulary vocabulary, Settings settings) : vocabulary_(std::move(vocabulary)), settings_(std::move(settings)) {
    if (settings_.has_unknown) unknown_id_ = vocabulary_.find(settings_.unknown);
  }

  Result<void> load_merges(const Json& json);

  const Vocabulary& vocabulary() const override { return vocabulary_; }
  bool reads_bytes() const override { return reads_bytes_; }

  Result<void> tokenize(std::string_view text, const std::vector<ByteRange>& words, std::vector<Piece>& out) const override {
    return run<false>(text, words, out);
  }
  Result<void> tokenize_bytes(std::string_view text, const std::vector<ByteRange>& words, std::vector<Piece>& out) const override {
    return run<true>(text, words, out);
  }

 private:
  /// Where a character is in its word: prefix and suffix depend on it.
  struct Position {
    bool first, last;
  };
  struct Work {
    std::string key;  // of a look-up
    std::vector<Symbol> symbols;
    std::optional<Symbol> unknown;  // not yet among the symbols: more may join it
  };

  template <bool bytes>
  Result<void> run(std::string_view text, const std::vector<ByteRange>& words, std::vector<Piece>& out) const {
    const WordCacheLoan cache(caches_);
    Work work;
    for (uint32_t number = 0; number < words.size(); ++number) {
      const ByteRange word = words[number];
      const std::string_view whole = text.substr(word.begin, word.size());
      if (settings_.ignore_merges && whole.size() > CachedWord::kMostBytes) {
        if (const uint32_t id = find_whole<bytes>(whole, work); id != kNone) {
          out.push_back({id, word, number});
          continue;
        }
      }
      for (uint32_t begin = word.begin; begin < word.end;) {
        const uint32_t end = splits_at_marks_ ? next_mark(text, begin, word.end) : word.end;
        NACRE_TRY(take_part<bytes>(text.substr(begin, end - begin), begin, number, cache, work, out));
        begin = end;
      }
    }
    return {};
  }

  /// The end of the part that starts at `begin`: before a mark that follows something else.
  static uint32_t next_mark(std::string_view text, uint32_t begin, uint32_t end) {
    uint32_t at = begin;
    while (text.substr(at, end - at).starts_with(kSpaceMark)) at += kSpaceMark.size();
    const size_t mark = text.substr(0, end).find(kSpaceMark, at);
    return mark == text.npos ? end : static_cast<uint32_t>(mark);
  }

  template <bool bytes>
  Result<void> take_part(std::string_view part, uint32_t begin, uint32_t number, const WordCacheLoan& cache, Work& work,
                         std::vector<Piece>& out) const {
    const uint64_t hash = WordCache::hash_of(part);
    if (const CachedWord* known = cache->find(part, hash)) {
      for (size_t i = 0; i < known->count; ++i) {
        out.push_back({known->ids[i], {begin, begin + known->lengths[i]}, number});
        begin += known->lengths[i];
      }
      return {};
    }
    NACRE_TRY(merge_part<bytes>(part, work));
    cache->store(part, hash, work.symbols);
    for (const Symbol& symbol : work.symbols) {
      out.push_back({symbol.id, {begin, begin + symbol.length}, number});
      begin += symbol.length;
    }
    return {};
  }

  template <bool bytes>
  Result<void> merge_part(std::string_view part, Work& work) const {
    work.symbols.clear();
    if (settings_.ignore_merges) {
      const uint32_t id = find_whole<bytes>(part, work);
      if (id != kNone) return work.symbols.push_back({id, static_cast<uint32_t>(part.size())}), Result<void>();
    }
    NACRE_TRY(bytes ? start_bytes(part, work) : start_characters(part, work));
    merge_all(merges_, work.symbols);
    return {};
  }

  template <bool bytes>
  uint32_t find_whole(std::string_view word, Work& work) const {
    if constexpr (!bytes) return vocabulary_.find(word).value_or(kNone);
    work.key.clear();
    for (const char byte : word) work.key += byte_token(static_cast<uint8_t>(byte));
    return vocabulary_.find(work.key).value_or(kNone);
  }

  Result<void> start_bytes(std::string_view part, Work& work) const {
    const size_t last = part.size() - 1;
    for (size_t i = 0; i < part.size(); ++i) work.symbols.push_back({byte_ids_[i == 0][i == last][static_cast<uint8_t>(part[i])], 1});
    return {};
  }

  Result<void> start_characters(std::string_view part, Work& work) const {
    work.unknown.reset();
    for (size_t begin = 0; begin < part.size();) {
      size_t end = begin + 1;
      while (end < part.size() && !starts_code(part[end])) ++end;
      NACRE_TRY(start_character(part.substr(begin, end - begin), {begin == 0, end == part.size()}, work));
      begin = end;
    }
    flush(work);
    return {};
  }

  static void flush(Work& work) {
    if (work.unknown) work.symbols.push_back(*work.unknown);
    work.unknown.reset();
  }

  Result<void> start_character(std::string_view character, Position position, Work& work) const {
    const auto length = static_cast<uint32_t>(character.size());
    const std::string_view key = key_of(character, position, work.key);
    if (const auto id = vocabulary_.find(key)) {
      flush(work);
      work.symbols.push_back({*id, length});
      return {};
    }
    if (settings_.byte_fallback && fall_back(key, length, work)) return {};
    if (!settings_.has_unknown) return {};  // as the reference: the character vanishes
    if (!unknown_id_)
      return fail(ErrorCode::invalid_model, "no token for \"", character, "\", and the unknown token \"", settings_.unknown,
                  "\" is not in the vocabulary");
    if (work.unknown && settings_.fuse_unknown) return work.unknown->length += length, Result<void>();
    flush(work);
    work.unknown = Symbol{*unknown_id_, length};
    return {};
  }

  std::string_view key_of(std::string_view character, Position position, std::string& buffer) const {
    const bool plain = (position.first || settings_.prefix.empty()) && (!position.last || settings_.suffix.empty());
    if (plain) return character;
    buffer.clear();
    if (!position.first) buffer += settings_.prefix;
    buffer += character;
    if (position.last) buffer += settings_.suffix;
    return buffer;
  }

  /// Tokens "<0xE2>" for the bytes, when all are there. One that waits as unknown comes behind them, as in the reference.
  /// Prefix and suffix have no place in the text: the character's own `length` bytes are all there is to give.
  bool fall_back(std::string_view key, uint32_t length, Work& work) const {
    for (const char byte : key)
      if (fallback_ids_[static_cast<uint8_t>(byte)] == kNone) return false;
    for (const char byte : key) {
      const uint32_t own = std::min(length, 1u);
      work.symbols.push_back({fallback_ids_[static_cast<uint8_t>(byte)], own});
      length -= own;
    }
    return true;
  }

  using Pair = std::pair<std::string_view, std::string_view>;
  static auto missing(std::string_view token, std::string_view where, size_t rank) {
    return fail(ErrorCode::invalid_model, where, "[", rank, "]: ", json_quoted(token), " is not in the vocabulary");
  }
  Result<void> add_merges(std::span<const Pair> pairs, std::string_view where, size_t first_rank, uint32_t& last);
  Result<uint32_t> merged_id(const Pair& pair, std::string_view where, size_t rank, uint32_t last);
  void make_tables();

  Vocabulary vocabulary_;
  Settings settings_;
  std::optional<uint32_t> unknown_id_;
  MergeTable merges_;
  std::array<uint32_t, 256> byte_ids_[2][2];  // [first][last][byte]: of the byte's character with prefix and suffix
  std::array<uint32_t, 256> fallback_ids_{};
  bool reads_bytes_ = false;
  bool splits_at_marks_ = true;  // no merge crosses from something else to a space mark: what is before and behind is independent
  mutable WordCaches caches_;
};

void Bpe::make_tables() {
  std::string buffer;
  reads_bytes_ = !settings_.byte_fallback;
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (const bool first : {false, true}) {
      for (const bool last : {false, true}) {
        const auto id = vocabulary_.find(key_of(byte_token(static_cast<uint8_t>(byte)), {first, last}, buffer));
        byte_ids_[first][last][byte] = id.value_or(kNone);
        reads_bytes_ = reads_bytes_ && id;
      }
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    fallback_ids_[byte] = vocabulary_.find(cat("<0x", digits[byte / 16], digits[byte % 16], ">")).value_or(kNone);
  }
  // Without an unknown token a character may vanish, and all that follows it in the word has the reference's shifted places.
  splits_at_marks_ = splits_at_marks_ && settings_.prefix.empty() && settings_.suffix.empty() && settings_.has_unknown &&
                     !settings_.ignore_merges && vocabulary_.find(kSpaceMark);
}

/// `last`: what the merge before gave. Vocabularies mostly have the merged tokens in the merges' order.
Result<uint32_t> Bpe::merged_id(const Pair& pair, std::string_view where, size_t rank, uint32_t last) {
  const auto& [left, right] = pair;
  if (right.size() < settings_.prefix.size())
    return fail(ErrorCode::invalid_model, where, "[", rank, "]: ", json_quoted(right), " is shorter than the prefix");
  const std::string_view tail = right.substr(settings_.prefix.size());
  for (const uint32_t guess : {last, last + 1})
    if (vocabulary_.is_joined(guess, left, tail)) return guess;
  PrefixHash hash;
  for (const std::string_view part : {left, tail})
    for (const char byte : part) hash.add(byte);
  if (const auto id = vocabulary_.find(left, tail, hash.value())) return *id;
  return missing(cat(left, tail), where, rank);
}

/// A block of them: memory is asked for before it is needed.
Result<void> Bpe::add_merges(std::span<const Pair> pairs, std::string_view where, size_t first_rank, uint32_t& last) {
  std::array<std::string_view, kMergeBlock * 2> tokens;
  std::array<uint32_t, kMergeBlock * 2> ids;
  std::array<uint32_t, kMergeBlock> merged;
  for (size_t i = 0; i < pairs.size(); ++i) tokens[2 * i] = pairs[i].first, tokens[2 * i + 1] = pairs[i].second;
  vocabulary_.find_each(std::span(tokens).first(pairs.size() * 2), ids);
  for (size_t i = 0; i < pairs.size(); ++i) {
    for (const size_t side : {2 * i, 2 * i + 1})
      if (ids[side] == kNone) return missing(tokens[side], where, first_rank + i);
    merges_.prefetch(ids[2 * i], ids[2 * i + 1]);
    merged[i] = last = NACRE_TRY(merged_id(pairs[i], where, first_rank + i, last));
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    merges_.set(ids[2 * i], ids[2 * i + 1], {static_cast<uint32_t>(first_rank + i), merged[i]});
    splits_at_marks_ = splits_at_marks_ && !has_inner_mark(vocabulary_.token(merged[i]));
  }
  return {};
}

/// "a b"
Result<std::pair<std::string_view, std::string_view>> cut_line(std::string_view line, std::string_view where, size_t rank) {
  const size_t space = line.find(' ');
  if (space == line.npos || line.find(' ', space + 1) != line.npos)
    return fail(ErrorCode::invalid_model, where, "[", rank, "]: expected two tokens and a space between them, found ", json_quoted(line));
  return std::pair(line.substr(0, space), line.substr(space + 1));
}

/// ["a b", ...] or [["a", "b"], ...].
Result<void> Bpe::load_merges(const Json& json) {
  const auto texts = json.text_views();
  std::span<const std::string_view> lines = texts ? *texts : std::span<const std::string_view>();
  while (!lines.empty() && lines.front().starts_with("#version")) lines = lines.subspan(1);
  const std::span<const Pair> pairs = texts ? std::span<const Pair>() : NACRE_TRY(json.text_pairs());
  const size_t count = texts ? lines.size() : pairs.size();
  if (count >= MergeTable::kLimit)
    return fail(ErrorCode::resource_exhausted, json.path(), ": ", count, " merges, the limit is ", MergeTable::kLimit);
  merges_ = MergeTable(count);
  splits_at_marks_ = vocabulary_.find(kSpaceMark).has_value();
  uint32_t last = 0;
  std::array<Pair, kMergeBlock> cut;
  for (size_t rank = 0; rank < count; rank += kMergeBlock) {
    const size_t most = std::min(kMergeBlock, count - rank);
    for (size_t i = 0; texts && i < most; ++i) cut[i] = NACRE_TRY(cut_line(lines[rank + i], json.path(), rank + i));
    NACRE_TRY(add_merges(texts ? std::span<const Pair>(cut).first(most) : pairs.subspan(rank, most), json.path(), rank, last));
  }
  make_tables();
  return {};
}

Result<std::unique_ptr<const TokenModel>> load(const Json& json) {
  const double dropout = NACRE_TRY(json.real("dropout", 0));
  if (dropout != 0) return fail(ErrorCode::unsupported, json.path(), ".dropout: ", dropout, " makes ids random; only 0 is supported");
  Settings settings;
  settings.has_unknown = json.has("unk_token");
  settings.unknown = NACRE_TRY(json.text("unk_token", ""));
  settings.prefix = NACRE_TRY(json.text("continuing_subword_prefix", ""));
  settings.suffix = NACRE_TRY(json.text("end_of_word_suffix", ""));
  settings.fuse_unknown = NACRE_TRY(json.boolean("fuse_unk", false));
  settings.byte_fallback = NACRE_TRY(json.boolean("byte_fallback", false));
  settings.ignore_merges = NACRE_TRY(json.boolean("ignore_merges", false));
  auto out = std::make_unique<Bpe>(NACRE_TRY(Vocabulary::load(NACRE_TRY(json.at("vocab")))), std::move(settings));
  NACRE_TRY(out->load_merges(NACRE_TRY(json.at("merges"))));
  return out;
}

}  // namespace

extern const ModelType model_bpe;
const ModelType model_bpe{.type = "BPE", .load = load};

}  // namespace nacre

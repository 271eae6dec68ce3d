// Unigram: of all ways to cut a word into pieces the one with the highest sum of scores (Viterbi), code points without a
// piece at a penalty. https://arxiv.org/abs/1804.10959
#include <algorithm>
#include <limits>
#include <optional>

#include "text/component.h"
#include "text/scores.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr double kUnknownPenalty = 10;

constexpr uint32_t kNowhere = UINT32_MAX;

class Unigram final : public TokenModel {
 public:
  Unigram(std::span<const std::string_view> pieces, std::span<const double> scores, std::optional<uint32_t> unknown, bool byte_fallback)
      : vocabulary_(Vocabulary::of_pieces(pieces)), scores_(scores), unknown_(unknown) {
    const auto least = std::min_element(scores.begin(), scores.end());
    unknown_score_ = (least == scores.end() ? 0 : *least) - kUnknownPenalty;
    if (byte_fallback) load_bytes();
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  Result<void> tokenize(std::string_view text, const std::vector<ByteRange>& words, std::vector<Piece>& out) const override {
    std::vector<Node> best;
    std::vector<Piece> reversed;
    for (uint32_t word = 0; word < words.size(); ++word) {
      const std::string_view content = text.substr(words[word].begin, words[word].size());
      NACRE_TRY(find_best(content, best));
      collect(best, words[word], word, reversed);
      for (; !reversed.empty(); reversed.pop_back()) push(text, reversed.back(), out);
    }
    return {};
  }

 private:
  /// The best way to a byte: what its last piece is, and where that starts.
  struct Node {
    double score = 0;
    uint32_t begin = kNowhere, id = 0;
    void offer(double other, uint32_t from, uint32_t piece) {
      if (begin == kNowhere || other > score) *this = {other, from, piece};
    }
  };

  void load_bytes() {
    constexpr char digits[] = "0123456789ABCDEF";
    for (unsigned byte = 0; byte < 256; ++byte) {
      const char token[] = {'<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>'};
      byte_ids_.push_back(vocabulary_.find({token, sizeof token}));
    }
  }

  Result<void> find_best(std::string_view word, std::vector<Node>& best) const {
    best.assign(word.size() + 1, Node());
    const char* const start = word.data();
    for (const char* at = start; at < start + word.size();) {
      const auto begin = static_cast<uint32_t>(at - start);
      const double score = best[begin].score;
      next_code(at);
      const auto code_end = static_cast<uint32_t>(at - start);
      bool single = false;
      vocabulary_.walk(word.substr(begin), [&](size_t length, uint32_t id) {
        best[begin + length].offer(score + scores_[id], begin, id);
        single = single || begin + length == code_end;
      });
      if (single) continue;
      Node& end = best[code_end];
      const double lacking = score + unknown_score_;
      if (!unknown_ && (end.begin == kNowhere || lacking > end.score))
        return fail(ErrorCode::invalid_model, "no piece for \"", word.substr(begin, code_end - begin), "\", and no unknown piece (unk_id)");
      end.offer(lacking, begin, unknown_.value_or(0));
    }
    return {};
  }

  /// From the end back; neighbouring unknown pieces become one.
  void collect(const std::vector<Node>& best, ByteRange word, uint32_t number, std::vector<Piece>& reversed) const {
    bool fusing = false;
    for (uint32_t end = word.size(); end > 0;) {
      const Node& node = best[end];
      const bool unknown = unknown_ && node.id == *unknown_;
      if (unknown && fusing) {
        reversed.back().range.begin = word.begin + node.begin;
      } else {
        reversed.push_back({node.id, {word.begin + node.begin, word.begin + end}, number});
      }
      fusing = unknown;
      end = node.begin;
    }
  }

  void push(std::string_view text, Piece piece, std::vector<Piece>& out) const {
    if (!unknown_ || piece.id != *unknown_) return out.push_back(piece);
    const std::string_view content = text.substr(piece.range.begin, piece.range.size());
    if (const auto id = vocabulary_.find(content)) return out.push_back({*id, piece.range, piece.word});
    const auto id_of = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
    if (!byte_ids_.empty() && std::all_of(content.begin(), content.end(), id_of)) {
      for (const char byte : content) out.push_back({*id_of(byte), piece.range, piece.word});
      return;
    }
    piece.shows_text = true;
    out.push_back(piece);
  }

  Vocabulary vocabulary_;
  PieceScores scores_;
  std::optional<uint32_t> unknown_;
  double unknown_score_;
  std::vector<std::optional<uint32_t>> byte_ids_;  // empty without byte fallback
};

Result<std::unique_ptr<const TokenModel>> load(const Json& json) {
  const auto entries = NACRE_TRY(NACRE_TRY(json.at("vocab")).scored_texts());
  std::vector<std::string_view> pieces;
  std::vector<double> scores;
  pieces.reserve(entries.size()), scores.reserve(entries.size());
  for (const auto& [piece, score] : entries) pieces.push_back(piece), scores.push_back(score);
  std::optional<uint32_t> unknown;
  if (json.has("unk_id")) {
    const int64_t id = NACRE_TRY(json.integer("unk_id"));
    if (id < 0 || id >= static_cast<int64_t>(pieces.size()))
      return fail(ErrorCode::invalid_model, json.path(), ".unk_id: ", id, " is outside [0, ", pieces.size(), ")");
    unknown = static_cast<uint32_t>(id);
  }
  const bool byte_fallback = NACRE_TRY(json.boolean("byte_fallback", false));
  return std::make_unique<Unigram>(pieces, scores, unknown, byte_fallback);
}

}  // namespace

extern const ModelType model_unigram;
const ModelType model_unigram{.type = "Unigram", .load = load};

}  // namespace nacre

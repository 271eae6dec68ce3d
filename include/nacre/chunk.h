// Cuts texts into chunks of so many tokens: at words, at separators, at sentences, or where the meaning changes.
//
//     auto chunker = nacre::Chunker::load("models/all-MiniLM-L6-v2", {.method = nacre::ChunkMethod::sentence, .size = 128});
//     for (const nacre::Chunk& each : chunker.chunk("First sentence. Second sentence."))
//       std::cout << each.index << ": " << each.token_count << " tokens from byte " << each.span.byte_begin << "\n";
//
// Without overlap the chunks one after the other are the text.
#pragma once

#include <memory>
#include <string_view>

#include "nacre/task.h"

namespace nacre {

enum class ChunkMethod : uint8_t {
  token,      ///< as many words as fit
  recursive,  ///< at the first separator that makes parts small enough, then the next one inside those that are too large
  sentence,   ///< as many whole sentences (UAX #29) as fit; longer ones are cut at words
  semantic,   ///< whole sentences, cut where neighbours differ most by their embeddings
};

struct ChunkOptions {
  ChunkMethod method = ChunkMethod::recursive;
  int64_t size = 256;   ///< tokens of a chunk at most, special ones not counted
  int64_t overlap = 0;  ///< tokens of the chunk before that a chunk begins with, at most and in whole words
  std::vector<std::string> separators{"\n\n", "\n", ". ", "! ", "? ", "; ", ", ", " "};  ///< of `recursive`
  double percentile = 95;  ///< of `semantic`: cut where the distance is above this share of all distances
  TaskOptions task;        ///< of the embedding model of `semantic`; replace_invalid for all
};

struct Chunk {
  std::string text;
  TextSpan span;
  int64_t token_count = 0;  ///< of its text alone, special tokens not counted
  int64_t index = 0;
};

/// A tokenizer that counts, and for `semantic` the embedding model beside it. Copies are the same; it may be used from many threads.
class Chunker {
 public:
  /// A directory with a tokenizer (for `semantic`, of an embedding model), or a tokenizer.json. Throws Error; invalid_argument unless
  /// 0 <= overlap < size.
  static Chunker load(const std::filesystem::path& path, const ChunkOptions& options = {});

  std::vector<Chunk> chunk(std::string_view text) const;

 private:
  struct State;
  explicit Chunker(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace nacre

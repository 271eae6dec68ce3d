// Sentence embeddings: texts in, one vector each out.
//
//     auto embedder = nacre::Embedder::load("models/all-MiniLM-L6-v2", {.session = {.threads = 2}});
//     std::vector<std::string> texts{"A man is eating food.", "Somebody has a meal."};
//     nacre::Embeddings result = embedder.embed(texts);
//     std::span<const float> first = result.vectors.data<float>().first(embedder.dimensions());
//     std::cout << result.tokens << " tokens, " << result.truncated.size() << " texts were too long\n";
//
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nacre/session.h"

namespace nacre {

/// How the vectors of a text's tokens become one.
enum class Pooling : uint8_t {
  mean,           ///< over all tokens, special ones included
  cls,            ///< the first token's
  max,            ///< the largest of each component
  mean_sqrt_len,  ///< the sum divided by the square root of the number of tokens
  weighted_mean,  ///< weights 1, 2, 3 ... by position
  last_token,
  none,  ///< they stay: a matrix for each text
};

struct EmbedOptions {
  SessionOptions session;
  std::optional<Pooling> pooling;  ///< none: as the directory says, else mean
  std::optional<bool> normalise;   ///< none: as the directory says (a Normalize module), else false
  int64_t max_length = 0;          ///< tokens a text is cut to, special ones included; 0: as the directory says
  int64_t batch_tokens = 512;      ///< padded tokens that run at one time
  bool replace_invalid = false;    ///< ill-formed UTF-8 becomes U+FFFD instead of an error
  std::string prompt;              ///< stands before every text
  std::string prompt_name;         ///< of the directory's prompts, instead of `prompt`; both empty: its default, if it has one
  int64_t dimensions = 0;          ///< the first so many components are kept (Matryoshka); 0: all
};

/// What late interaction takes a text for.
enum class TextRole : uint8_t { document, query };

struct Embeddings {
  Tensor vectors;                 ///< float32 [texts, dimensions]; empty for Pooling::none
  std::vector<Tensor> matrices;   ///< for Pooling::none, float32 [tokens, dimensions] each
  int64_t tokens = 0;             ///< of all texts after truncation, padding not counted
  std::vector<size_t> truncated;  ///< positions of the texts that were cut
};

/// How components are written: float32, one byte with a scale for each vector, or one bit (its sign).
struct Int8Vector {
  std::vector<int8_t> values;
  float scale = 1;  ///< component = value * scale
};
Int8Vector to_int8(std::span<const float> vector);
/// Bit 7 of the first byte is the first component, 1 where it is above 0, as numpy's packbits.
std::vector<uint8_t> to_binary(std::span<const float> vector);

/// Late interaction (ColBERT): for each vector of the query its best product with one of the document, summed. float32 [tokens,
/// dimensions] each. Throws Error (invalid_argument) on other tensors.
double max_similarity(const Tensor& query, const Tensor& document);

/// An embedding model with its tokenizer. Copies are the same model; it may be used from many threads at once.
class Embedder {
 public:
  /// Loads a sentence-transformers directory (modules.json and what it names: Pooling, Dense, Normalize), a ColBERT one
  /// (its vectors are those of the tokens), or any encoder's directory with a tokenizer. Throws Error: not_found,
  /// invalid_model, or unsupported for a module that is not known and for a model of another task.
  static Embedder load(const std::filesystem::path& directory, const EmbedOptions& options = {});

  /// One vector for each text, in order. Texts of similar length run together. Throws Error; a text's is named by its
  /// position.
  Embeddings embed(std::span<const std::string> texts, const RunOptions& run = {}) const;

  /// The same for queries. Late interaction (ColBERT) marks them and fills them up with masks, as the directory's artifact.metadata or
  /// config_sentence_transformers.json says, and leaves skipped tokens out of documents (embed); for other models there is no difference.
  Embeddings embed_queries(std::span<const std::string> texts, const RunOptions& run = {}) const;

  /// True when the directory says how queries and documents differ.
  bool has_roles() const noexcept;
  int64_t dimensions() const noexcept;  ///< components of a vector; 0 when the model does not say before a run
  int64_t max_length() const noexcept;  ///< tokens a text is cut to
  Pooling pooling() const noexcept;
  bool normalises() const noexcept;
  std::vector<std::string> prompt_names() const;
  const Session& session() const noexcept;

 private:
  struct State;
  Embeddings embed_as(TextRole role, std::span<const std::string> texts, const RunOptions& run) const;
  explicit Embedder(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace nacre

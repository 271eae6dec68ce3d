// nacre embed --model DIR: texts to vectors, dense, sparse or one for each token.
#include "nacre/embed.h"

#include <cmath>

#include "cli/print.h"
#include "cli/task.h"
#include "core/clock.h"
#include "importers/huggingface/sentence_modules.h"
#include "nacre/similarity.h"
#include "nacre/sparse.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string kind = "auto", pooling = "auto", normalise = "auto", encoding = "float", prompt, prompt_name;
  int64_t dimensions = 0;
  bool query = false;
};

constexpr std::pair<const char*, Pooling> kPoolings[] = {{"mean", Pooling::mean},
                                                         {"cls", Pooling::cls},
                                                         {"max", Pooling::max},
                                                         {"mean_sqrt_len", Pooling::mean_sqrt_len},
                                                         {"weighted", Pooling::weighted_mean},
                                                         {"last", Pooling::last_token},
                                                         {"none", Pooling::none}};

EmbedOptions embed_options(const Options& options) {
  const TaskOptions task = options.lines.task();
  EmbedOptions out{.session = task.session,
                   .max_length = task.max_length,
                   .batch_tokens = task.batch_tokens,
                   .replace_invalid = task.replace_invalid,
                   .prompt = options.prompt,
                   .prompt_name = options.prompt_name,
                   .dimensions = options.dimensions};
  for (const auto& [name, pooling] : kPoolings)
    if (options.pooling == name) out.pooling = pooling;
  if (options.normalise != "auto") out.normalise = options.normalise == "yes";
  return out;
}

std::string encoded(std::span<const float> vector, const std::string& encoding) {
  if (encoding == "float") return cat("\"embedding\": ", json_numbers(vector));
  std::vector<std::string> numbers;
  if (encoding == "int8") {
    const Int8Vector bytes = to_int8(vector);
    for (const int8_t value : bytes.values) numbers.push_back(cat(int{value}));
    return cat("\"embedding\": ", json_list(numbers), ", \"scale\": ", json_number(bytes.scale));
  }
  // "binary" is the signed form of the same bits, as sentence-transformers names them.
  for (const uint8_t value : to_binary(vector)) numbers.push_back(cat(int{value} - (encoding == "binary" ? 128 : 0)));
  return cat("\"embedding\": ", json_list(numbers));
}

std::string matrix(const Tensor& tokens, const std::string& encoding) {
  if (encoding != "float") throw wrong_use("--encoding", encoding, " is for one vector a text");
  std::vector<std::string> rows;
  const auto width = static_cast<size_t>(tokens.shape()[1]);
  for (size_t row = 0; row < static_cast<size_t>(tokens.shape()[0]); ++row)
    rows.push_back(json_numbers(tokens.data<float>().subspan(row * width, width)));
  return cat("\"embeddings\": ", json_list(rows));
}

std::span<const float> row_of(const Embeddings& embeddings, size_t i) {
  const auto width = static_cast<size_t>(embeddings.vectors.shape()[1]);
  return embeddings.vectors.data<float>().subspan(i * width, width);
}

std::vector<TaskAnswer> dense_answers(const Embedder& embedder, const Options& options, std::span<const TaskLine> lines) {
  const std::vector<std::string> texts = texts_of(lines);
  const Embeddings embeddings = options.query ? embedder.embed_queries(texts) : embedder.embed(texts);
  std::vector<TaskAnswer> out;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string vector =
        embeddings.matrices.empty() ? encoded(row_of(embeddings, i), options.encoding) : matrix(embeddings.matrices[i], options.encoding);
    out.push_back({cat("\"text\": ", json_quoted(texts[i]), ", ", vector), {}});
  }
  for (const size_t i : embeddings.truncated) out[i].members += ", \"truncated\": true";
  return out;
}

std::vector<TaskAnswer> sparse_answers(const SparseEmbedder& embedder, std::span<const TaskLine> lines) {
  const std::vector<std::string> texts = texts_of(lines);
  std::vector<TaskAnswer> out;
  for (const SparseVector& each : embedder.embed(texts)) {
    std::vector<std::string> indices, tokens;
    for (const uint32_t id : each.ids) indices.push_back(cat(id)), tokens.push_back(json_quoted(embedder.token(id)));
    TaskAnswer answer{cat("\"text\": ", json_quoted(texts[out.size()]), ", \"indices\": ", json_list(indices), ", \"values\": ",
                          json_numbers(each.weights), ", \"tokens\": ", json_list(tokens), each.truncated ? ", \"truncated\": true" : ""),
                      {}};
    for (size_t i = 0; i < each.ids.size(); ++i) answer.rows.push_back({embedder.token(each.ids[i]), fixed(each.weights[i], 4)});
    out.push_back(std::move(answer));
  }
  return out;
}

/// One row a sentence: its number, its cosine with each other one, its text.
std::string table_of(const std::vector<std::string>& sentences, const Embeddings& embeddings) {
  std::vector<std::string> header{""};
  for (size_t i = 0; i < sentences.size(); ++i) header.push_back(cat(i + 1));
  header.push_back("sentence");
  Table table(header);
  for (size_t i = 0; i < sentences.size(); ++i) {
    std::vector<std::string> row{cat(i + 1)};
    for (size_t other = 0; other < sentences.size(); ++other)
      row.push_back(fixed(similarity(row_of(embeddings, i), row_of(embeddings, other), Metric::cosine), 3));
    row.push_back(sentences[i]);
    table.add(std::move(row));
  }
  return table.text();
}

int show_table(const Embedder& embedder, const Options& options, double loaded) {
  if (embedder.pooling() == Pooling::none) throw wrong_use("--output", "a table shows one vector a text");
  std::vector<std::string> sentences;
  LineReader reader(options.lines);
  for (auto items = reader.next(); !items.empty(); items = reader.next())
    for (const LineReader::Item& item : items) {
      if (item.error) throw Failure{cat("line ", item.line.number), *item.error};
      sentences.push_back(text_of(item.line));
    }
  const Stopwatch watch;
  const Embeddings embeddings = embedder.embed(sentences);
  const double took = watch.seconds();
  for (const size_t i : embeddings.truncated)
    print_error(cat("nacre: sentence ", i + 1, " has more than ", embedder.max_length(), " tokens and was cut\n"));
  print(cat(table_of(sentences, embeddings), "\n", sentences.size(), " sentences, ", embeddings.tokens, " tokens, ",
            embeddings.vectors.shape()[1], " dimensions in ", fixed(took * 1e3, 1), " ms (loading took ", fixed(loaded * 1e3, 1),
            " ms)\n"));
  return kDone;
}

bool is_sparse(const Options& options) {
  if (options.kind != "auto") return options.kind == "sparse";
  const ModelDirectory directory = check(ModelDirectory::open(options.lines.model), options.lines.model);
  for (const SentenceModule& module : check(read_sentence_modules(directory), options.lines.model).modules)
    if (module.kind == SentenceModule::Kind::splade_pooling) return true;
  return false;
}

int embed(const Options& options) {
  check_task(options.lines);
  try {
    if (is_sparse(options)) {
      if (options.query) throw wrong_use("--query", "this model takes queries and documents alike");
      const SparseEmbedder embedder = SparseEmbedder::load(options.lines.model, options.lines.task());
      return run_lines(options.lines, {"token", "weight"},
                       [&](std::span<const TaskLine> lines) { return sparse_answers(embedder, lines); });
    }
    const Stopwatch load;
    const Embedder embedder = Embedder::load(options.lines.model, embed_options(options));
    if (options.query && !embedder.has_roles()) throw wrong_use("--query", "this model takes queries and documents alike");
    if (options.lines.output == "table") return show_table(embedder, options, load.seconds());
    return run_lines(options.lines, {}, [&](std::span<const TaskLine> lines) { return dense_answers(embedder, options, lines); });
  } catch (const Error& error) { throw Failure{options.lines.model, error}; }
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the sentences");
  arguments
      .option("--kind", options->kind,
              "dense: a vector a text, or a token as ColBERT's; sparse: weights of tokens, as SPLADE's; auto: by the directory")
      .one_of({"auto", "dense", "sparse"});
  arguments.option("--pooling", options->pooling, "how the vectors of tokens become one; auto: as the directory says")
      .one_of({"auto", "mean", "cls", "max", "mean_sqrt_len", "weighted", "last", "none"});
  arguments.option("--normalise,--normalize", options->normalise, "vectors of length 1: yes, no, auto: as the directory says")
      .one_of({"auto", "yes", "no"});
  arguments.option("--prompt", options->prompt, "stands before every text");
  arguments.option("--prompt-name", options->prompt_name, "one of the directory's prompts (query, document, ...)");
  arguments.flag("--query", options->query, "the texts are queries, which ColBERT's models mark and fill up with masks");
  arguments.option("--dimensions", options->dimensions, "keeps the first so many components (Matryoshka); 0: all").not_negative();
  arguments
      .option("--encoding", options->encoding,
              "float; int8 with a scale; binary and ubinary: one bit a component, as signed and unsigned bytes")
      .one_of({"float", "int8", "binary", "ubinary"});
  return [options] { return embed(*options); };
}

}  // namespace

extern const Command command_embed;
const Command command_embed{
    .name = "embed",
    .about = "Turns texts into vectors, and shows how alike they are",
    .example = "nacre embed --model all-MiniLM-L6-v2 --output table -- \"A man is eating.\" \"Somebody has dinner.\"",
    .configure = configure};

}  // namespace nacre::cli

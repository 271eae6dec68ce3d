// nacre chunk --model DIR: texts in chunks of so many tokens.
#include "nacre/chunk.h"

#include <cstdio>

#include "cli/print.h"
#include "cli/task.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  ChunkOptions chunk;
  std::string method = "recursive";
  bool document = false;
};

ChunkMethod method_named(const std::string& name) {
  if (name == "token") return ChunkMethod::token;
  if (name == "sentence") return ChunkMethod::sentence;
  return name == "semantic" ? ChunkMethod::semantic : ChunkMethod::recursive;
}

TaskAnswer answer_of(const std::vector<Chunk>& chunks) {
  TaskAnswer out;
  std::vector<std::string> list;
  for (const Chunk& each : chunks) {
    list.push_back(cat("{\"index\": ", each.index, ", \"token_count\": ", each.token_count, json_span(each.span),
                       ", \"text\": ", json_quoted(each.text), "}"));
    out.rows.push_back({cat(each.index), cat(each.token_count), cat(each.span.begin), cat(each.span.end), json_quoted(each.text)});
  }
  out.members = cat("\"chunks\": ", json_list(list));
  return out;
}

std::string read_input() {
  std::string out;
  char buffer[1 << 16];
  for (size_t count; (count = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;) out.append(buffer, count);
  return out;
}

int cut(Options options) {
  options.chunk.method = method_named(options.method);
  options.chunk.task = options.lines.task();
  const Chunker chunker = Chunker::load(options.lines.model, options.chunk);
  if (options.document) options.lines.texts = {read_input()}, options.lines.input = "text";
  return run_lines(options.lines, {"index", "tokens", "start", "end", "text"}, [&](std::span<const TaskLine> lines) {
    std::vector<TaskAnswer> out;
    for (const TaskLine& line : lines) out.push_back(answer_of(chunker.chunk(text_of(line))));
    return out;
  });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_line_options(arguments, options->lines, "the texts");
  arguments.option("--model,--tokenizer", options->lines.model, "whose tokens count: a directory or Hub name, or a tokenizer.json")
      .required();
  arguments.option("--threads", options->lines.threads, "threads of the embedding model; 0: as many as this process may").not_negative();
  arguments.option("--method", options->method, "where texts are cut; semantic: where the meaning changes, by the model's embeddings")
      .one_of({"token", "recursive", "sentence", "semantic"});
  arguments.option("--size", options->chunk.size, "tokens of a chunk at most").positive();
  arguments.option("--overlap", options->chunk.overlap, "tokens of the chunk before that a chunk begins with, at most").not_negative();
  arguments.option("--separator", options->chunk.separators, "recursive: one or more, the coarsest first");
  arguments.option("--percentile", options->chunk.percentile, "semantic: cuts where neighbours differ more than this share of all does")
      .between(0, 100);
  arguments.flag("--document", options->document, "all of standard input is one text");
  return [options] { return cut(*options); };
}

}  // namespace

extern const Command command_chunk;
const Command command_chunk{.name = "chunk",
                            .about = "Cuts texts into chunks of so many tokens",
                            .example = "nacre chunk --model DIR --method sentence --size 200 --overlap 20 --document < report.txt",
                            .configure = configure};

}  // namespace nacre::cli

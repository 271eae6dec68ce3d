// nacre rerank --model DIR: documents by how well they answer a query.
#include "nacre/rerank.h"

#include "cli/print.h"
#include "cli/task.h"

namespace nacre::cli {
namespace {

struct Options {
  TaskLineOptions lines;
  std::string query;
  size_t top_k = 0;
  bool logits = false, no_documents = false;
};

/// "documents", "texts" or "passages", a list; or a single "document" or "text".
std::vector<std::string> documents_of(const TaskLine& line) {
  for (const char* member : {"documents", "texts", "passages"}) {
    if (!line.fields.has(member)) continue;
    Result<std::vector<std::string>> list = line.fields.at(member)->texts();
    if (!list) throw std::move(list).error();
    return *std::move(list);
  }
  return {text_of(line, {"document", "text"})};
}

TaskAnswer answer_of(const Options& options, const std::vector<RankedDocument>& ranked, const std::vector<std::string>& documents) {
  TaskAnswer out;
  std::vector<std::string> results;
  for (const RankedDocument& each : ranked) {
    const std::string text = options.no_documents ? "" : cat(", \"document\": ", json_quoted(documents[each.index]));
    results.push_back(cat("{\"index\": ", each.index, ", \"score\": ", json_number(each.score), text,
                          each.truncated ? ", \"truncated\": true" : "", "}"));
    out.rows.push_back({fixed(each.score, 4), cat(each.index), documents[each.index]});
  }
  out.members = cat("\"results\": ", json_list(results));
  return out;
}

/// With --query every line is a document, and all of them are ranked together.
int rank_all(const Options& options, const Reranker& reranker) {
  std::vector<std::string> documents;
  LineReader reader(options.lines);
  for (auto items = reader.next(); !items.empty(); items = reader.next())
    for (const LineReader::Item& item : items) {
      if (item.error) throw Failure{cat("line ", item.line.number), *item.error};
      documents.push_back(text_of(item.line, {"text", "document"}));
    }
  const TaskAnswer answer = answer_of(options, reranker.rank(options.query, documents), documents);
  Table table({"score", "index", "document"});
  for (const auto& row : answer.rows) table.add(row);
  print(options.lines.output == "table" ? table.text() : cat("{\"query\": ", json_quoted(options.query), ", ", answer.members, "}\n"));
  return kDone;
}

int rerank(const Options& options) {
  check_task(options.lines);
  const Reranker reranker =
      Reranker::load(options.lines.model, {.task = options.lines.task(), .top_k = options.top_k, .logits = options.logits});
  if (!options.query.empty()) return rank_all(options, reranker);
  return run_lines(options.lines, {"score", "index", "document"}, [&](std::span<const TaskLine> lines) {
    std::vector<TaskAnswer> out;
    for (const TaskLine& line : lines) {
      if (line.fields.is_null())
        throw Error(ErrorCode::invalid_argument, "a line of text has no query", "give --query, or lines with \"query\" and \"documents\"");
      const std::vector<std::string> documents = documents_of(line);
      out.push_back(answer_of(options, reranker.rank(text_of(line, {"query"}), documents), documents));
    }
    return out;
  });
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_task_options(arguments, options->lines, "the documents, for --query");
  arguments.option("--query", options->query, "ranks all lines by this query; without it, every line has \"query\" and \"documents\"");
  arguments.option("--top-k", options->top_k, "documents to return, best first; 0: all");
  arguments.flag("--logits", options->logits, "scores are the model's logits");
  arguments.flag("--no-documents", options->no_documents, "indices and scores only");
  return [options] { return rerank(*options); };
}

}  // namespace

extern const Command command_rerank;
const Command command_rerank{.name = "rerank",
                             .about = "Ranks documents by how well they answer a query, with a cross-encoder",
                             .example = "nacre rerank --model DIR --query \"How many people live in Berlin?\" < documents.txt",
                             .configure = configure};

}  // namespace nacre::cli

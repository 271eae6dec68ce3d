#include "cli/task.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "cli/print.h"
#include "core/os/terminal.h"
#include "importers/huggingface/directory.h"
#include "runtime/backend.h"
#include "text/unicode.h"

namespace nacre::cli {
namespace {

constexpr size_t kLongestLine = size_t{128} << 20;
constexpr size_t kMostLines = 4096, kMostBytes = size_t{8} << 20;  // of one call of the work

std::string error_members(const Error& error) {
  std::string out = cat("\"error\": {\"code\": \"", to_string(error.code()), "\", \"message\": ", json_quoted(error.message()));
  if (!error.hint().empty()) out += cat(", \"hint\": ", json_quoted(error.hint()));
  return out + "}";
}

/// Lines as they are answered, to standard output as JSON, or at the end as a table.
class LineWriter {
 public:
  LineWriter(const TaskLineOptions& options, std::vector<std::string> header)
      : json_(options.output == "json"), table_(with_line(header)) {}

  void answer(const TaskLine& line, const TaskAnswer& answer) {
    ++lines_;
    if (json_) return write(line, answer.members);
    for (std::vector<std::string> row : answer.rows) add_row(line, std::move(row));
  }

  void fail(const TaskLine& line, const Error& error) {
    ++lines_, ++failed_;
    if (json_)
      write(line, cat("\"line\": ", line.number, ", ", error_members(error)));
    else
      print_error(cat("nacre: line ", line.number, ": ", error.what(), "\n"));
  }

  void flush() {
    print(out_);
    out_.clear();
    progress_.show(cat(lines_, " lines"));
  }

  int finish() {
    flush();
    progress_.clear();
    if (!json_ && table_.rows() > 0) print(table_.text());
    if (failed_ > 0 && json_) print_error(cat("nacre: ", failed_, " of ", lines_, " lines failed; they are the ones with an \"error\"\n"));
    return failed_ > 0 && failed_ == lines_ ? kCheckFailed : kDone;
  }

 private:
  static std::vector<std::string> with_line(std::vector<std::string> header) {
    header.insert(header.begin(), "line");
    return header;
  }
  void write(const TaskLine& line, const std::string& members) {
    out_ += line.id.empty() ? cat("{", members, "}\n") : cat("{\"id\": ", line.id, members.empty() ? "" : ", ", members, "}\n");
  }
  void add_row(const TaskLine& line, std::vector<std::string> row) {
    row.insert(row.begin(), line.id.empty() ? cat(line.number) : line.id);
    table_.add(std::move(row));
  }

  bool json_;
  Table table_;
  Progress progress_;
  std::string out_;
  int64_t lines_ = 0, failed_ = 0;
};

using Work = FunctionRef<std::vector<TaskAnswer>(std::span<const TaskLine>)>;
using Answers = std::vector<Result<TaskAnswer>>;

/// All at once, or, when one of them is bad, each alone.
Answers answers_of(std::span<const TaskLine> lines, Work work) {
  Answers out;
  if (lines.empty()) return out;
  try {
    for (TaskAnswer& answer : work(lines)) out.emplace_back(std::move(answer));
    return out;
  } catch (const Error& error) {
    if (lines.size() == 1) return out.emplace_back(std::unexpected(error)), out;
  }
  for (const TaskLine& line : lines) out.push_back(std::move(answers_of(std::span(&line, 1), work)[0]));
  return out;
}

}  // namespace

TaskOptions TaskLineOptions::task() const {
  return {.session = {.backends = split(backends), .strict = strict, .threads = threads, .weights = weights},
          .max_length = max_length,
          .batch_tokens = batch_tokens,
          .replace_invalid = replace_invalid};
}

void add_line_options(Arguments& arguments, TaskLineOptions& options, const std::string& texts) {
  arguments.option("--input", options.input, "lines of standard input: text, jsonl (an object each), auto (by the first line)")
      .one_of({"auto", "text", "jsonl"});
  arguments.option("--output", options.output, "json: one line each, with the \"id\" of its input; table").one_of({"json", "table"});
  arguments.flag("--replace-invalid", options.replace_invalid, "bytes that are not UTF-8 become U+FFFD instead of an error");
  arguments.option("TEXTS", options.texts, cat(texts, "; without any, the lines of standard input"));
}

void add_task_options(Arguments& arguments, TaskLineOptions& options, const std::string& texts) {
  arguments.option("--model", options.model, "directory or Hub name of the model: config.json, weights, tokenizer.json").required();
  arguments.option("--weights", options.weights,
                   "one of the directory's files (onnx/model_q4.onnx), or a dtype (fp16, q8, q4); else the first there is");
  arguments.option("--backend", options.backends, "backends in order of preference: native, reference, ... (see `nacre doctor`)");
  arguments.option("--threads", options.threads, "threads a run may use; 0: as many as this process may").not_negative();
  arguments.flag("--strict", options.strict, "a node that the first backend cannot run is an error");
  arguments.option("--max-length", options.max_length, "tokens a text is cut to, or a window has; 0: as the directory says").not_negative();
  arguments.option("--batch-tokens", options.batch_tokens, "padded tokens that run at one time").positive();
  add_line_options(arguments, options, texts);
}

void check_task(const TaskLineOptions& options) {
  for (const std::string& name : split(options.backends)) check(find_backend(name), "--backend");
  if (!options.model.empty()) check(ModelDirectory::open(options.model), options.model);
}

std::string text_of(const TaskLine& line, std::initializer_list<const char*> members) {
  if (line.fields.is_null()) return line.text;
  std::string known;
  for (const char* member : members) {
    known += cat(known.empty() ? "\"" : " or \"", member, "\"");
    if (!line.fields.has(member)) continue;
    Result<std::string_view> text = line.fields.text(member);
    if (!text) throw std::move(text).error();
    return std::string(*text);
  }
  throw Error(ErrorCode::invalid_argument, cat("the line has no ", known));
}

std::vector<std::string> texts_of(std::span<const TaskLine> lines) {
  std::vector<std::string> out;
  for (const TaskLine& line : lines) out.push_back(text_of(line));
  return out;
}

LineReader::LineReader(const TaskLineOptions& options) : options_(options) {
  if (options.texts.empty() && is_terminal(0)) throw wrong_use("", "no texts: give them as arguments, or one a line on standard input");
  if (options.input != "auto") json_ = options.input == "jsonl";
}

/// False at the end. Of a line that is too long only as much is kept as shows that.
bool LineReader::read_line(std::string& out) {
  out.clear();
  for (bool any = false;; any = true) {
    if (at_ == buffer_.size()) {
      buffer_.resize(size_t{1} << 16);
      buffer_.resize(std::fread(buffer_.data(), 1, buffer_.size(), stdin));
      at_ = 0;
      if (buffer_.empty()) return any;
    }
    const size_t end = buffer_.find('\n', at_);
    const std::string_view part = std::string_view(buffer_).substr(at_, end - at_);
    out += part.substr(0, kLongestLine + 1 - std::min(out.size(), kLongestLine + 1));
    at_ = std::min(end, buffer_.size());
    if (end == buffer_.npos) continue;
    ++at_;
    if (!out.empty() && out.back() == '\r') out.pop_back();
    return true;
  }
}

LineReader::Item LineReader::parse(std::string text) {
  Item out{.line = {.number = number_}};
  const auto bad = find_invalid_utf8(text);
  if (text.size() > kLongestLine) {
    out.error = Error(ErrorCode::resource_exhausted, cat("the line has more than ", kLongestLine, " bytes"));
  } else if (bad && !options_.replace_invalid) {
    out.error = Error(ErrorCode::invalid_argument, cat("the line is not UTF-8: ill-formed sequence at byte ", *bad),
                      "--replace-invalid reads such bytes as U+FFFD");
  } else if (bad) {
    text = replace_invalid_utf8(text);
  }
  if (out.error) return out;
  if (!json_.value_or(false)) return out.line.text = std::move(text), out;
  Result<Json> json = parse_json(text);
  if (!json) return out.error = std::move(json).error(), out;
  if (!json->is_object()) return out.error = Error(ErrorCode::invalid_argument, "the line is JSON, but not an object"), out;
  if (json->has("id")) out.line.id = json->at("id")->dump();
  return out.line.fields = std::move(*json), out;
}

std::vector<LineReader::Item> LineReader::next() {
  std::vector<Item> out;
  if (!options_.texts.empty()) {
    if (!json_) json_ = false;
    for (const std::string& text : ended_ ? std::vector<std::string>() : options_.texts) ++number_, out.push_back(parse(plain_text(text)));
    return ended_ = true, out;
  }
  size_t bytes = 0;
  std::string text;
  while (out.size() < kMostLines && bytes < kMostBytes && read_line(text)) {
    ++number_;
    const size_t first = text.find_first_not_of(" \t");
    if (!json_ && first != text.npos) {
      json_ = text[first] == '{';
      if (*json_) out.clear();  // those so far are blank
    }
    if (first == text.npos && json_.value_or(false)) continue;  // an empty line among objects is nothing; an empty text is a text
    bytes += text.size();
    out.push_back(parse(std::move(text)));
  }
  if (!out.empty()) json_ = json_.value_or(false);
  return out;
}

std::vector<LineReader::Item> LineReader::rest() {
  std::vector<Item> out;
  for (std::vector<Item> items = next(); !items.empty(); items = next()) std::move(items.begin(), items.end(), std::back_inserter(out));
  return out;
}

namespace {

void answer_items(std::span<const LineReader::Item> items, Work work, LineWriter& writer) {
  std::vector<TaskLine> good;
  for (const LineReader::Item& item : items)
    if (!item.error) good.push_back(item.line);
  Answers answers = answers_of(good, work);
  auto answer = answers.begin();
  for (const LineReader::Item& item : items) {
    if (item.error)
      writer.fail(item.line, *item.error);
    else if (*answer)
      writer.answer(item.line, **answer++);
    else
      writer.fail(item.line, (answer++)->error());
  }
  writer.flush();
}

}  // namespace

int run_lines(const TaskLineOptions& options, std::vector<std::string> header, Work work) {
  LineReader reader(options);
  LineWriter writer(options, std::move(header));
  for (std::vector<LineReader::Item> items = reader.next(); !items.empty(); items = reader.next()) answer_items(items, work, writer);
  return writer.finish();
}

int run_all_lines(const TaskLineOptions& options, std::vector<std::string> header, Work work) {
  LineReader reader(options);
  LineWriter writer(options, std::move(header));
  std::vector<LineReader::Item> items = reader.rest();
  std::vector<TaskLine> good;
  for (LineReader::Item& item : items) {
    try {
      if (!item.error) text_of(item.line);  // one line without a text does not spoil the others
    } catch (const Error& error) { item.error = error; }
    if (!item.error) good.push_back(item.line);
  }
  const std::vector<TaskAnswer> answers = good.empty() ? std::vector<TaskAnswer>() : work(good);
  auto answer = answers.begin();
  for (const LineReader::Item& item : items) {
    if (item.error)
      writer.fail(item.line, *item.error);
    else
      writer.answer(item.line, *answer++);
  }
  return writer.finish();
}

std::string json_number(double value) {
  std::string out;
  if (!std::isfinite(value)) return "null";
  append(out, value);
  return out;
}

std::string json_number(float value) {
  if (!std::isfinite(value)) return "null";
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

std::string json_numbers(std::span<const float> values) {
  std::string out = "[";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i) out += ", ";
    out += json_number(values[i]);
  }
  return out + "]";
}

std::string json_span(const TextSpan& span) {
  return cat(", \"start\": ", span.begin, ", \"end\": ", span.end, ", \"byte_start\": ", span.byte_begin,
             ", \"byte_end\": ", span.byte_end);
}

std::string json_list(std::span<const std::string> items) {
  std::string out = "[";
  for (size_t i = 0; i < items.size(); ++i) out += cat(i ? ", " : "", items[i]);
  return out + "]";
}

}  // namespace nacre::cli

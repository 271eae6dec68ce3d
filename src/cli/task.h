// What the commands of text tasks share: their options, lines of text or JSON in, one JSON line each out.
//
//     add_task_options(arguments, *options, "the texts");
//     return run_lines(*options, {"label", "score"}, [&](std::span<const TaskLine> lines) {
//       std::vector<TaskAnswer> out;
//       for (const Classification& each : classifier.classify(texts_of(lines))) out.push_back(answer_of(each));
//       return out;
//     });
//
// A bad line gives an error object in its place and the run goes on.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/command.h"
#include "core/function_ref.h"
#include "io/json.h"
#include "nacre/task.h"

namespace nacre::cli {

struct TaskLineOptions {
  std::string model, weights, backends, output = "json", input = "auto";
  int threads = 0;
  bool strict = false, replace_invalid = false;
  int64_t max_length = 0, batch_tokens = 512;
  std::vector<std::string> texts;

  TaskOptions task() const;
};

/// --model and what concerns running it, --input, --output, --replace-invalid, and the texts as arguments.
void add_task_options(Arguments& arguments, TaskLineOptions& options, const std::string& texts);
/// The same without a model.
void add_line_options(Arguments& arguments, TaskLineOptions& options, const std::string& texts);

/// Throws Failure for a backend or directory that does not exist: asked before anything is read.
void check_task(const TaskLineOptions& options);

struct TaskLine {
  int64_t number = 0;  ///< from 1 on
  std::string id;      ///< as JSON; empty: the line has none
  Json fields;         ///< of a JSON line; null for a line of text
  std::string text;    ///< of a line of text
};

/// The text of a line, or of the first of the members it has. Throws Error (invalid_argument) naming them.
std::string text_of(const TaskLine& line, std::initializer_list<const char*> members = {"text", "inputs"});
std::vector<std::string> texts_of(std::span<const TaskLine> lines);

/// What stands beside the id: members of the JSON object, and rows of the table.
struct TaskAnswer {
  std::string members;  ///< `"labels": [...]`
  std::vector<std::vector<std::string>> rows;
};

/// Lines of standard input, or the texts given as arguments.
class LineReader {
 public:
  explicit LineReader(const TaskLineOptions& options);
  /// The next ones, about as many as are worth sorting by length; none at the end. A line that cannot be read is an Error
  /// in its place.
  struct Item {
    TaskLine line;
    std::optional<Error> error;
  };
  std::vector<Item> next();
  std::vector<Item> rest();  ///< all of them

 private:
  bool read_line(std::string& out);
  Item parse(std::string text);
  const TaskLineOptions& options_;
  std::string buffer_;
  size_t at_ = 0;
  int64_t number_ = 0;
  std::optional<bool> json_;
  bool ended_ = false;
};

/// `work` gets lines of which none is known to be bad and answers each; when it throws, each line is tried alone. The header is
/// that of the table, behind the line's number or id. The exit code is 1 when every line failed.
int run_lines(const TaskLineOptions& options, std::vector<std::string> header,
              FunctionRef<std::vector<TaskAnswer>(std::span<const TaskLine>)> work);

/// The same for work that needs all lines at one time.
int run_all_lines(const TaskLineOptions& options, std::vector<std::string> header,
                  FunctionRef<std::vector<TaskAnswer>(std::span<const TaskLine>)> work);

// Parts of JSON.
std::string json_number(double value);
std::string json_number(float value);
std::string json_numbers(std::span<const float> values);
/// `, "start": 3, "end": 7, "byte_start": 3, "byte_end": 8`
std::string json_span(const TextSpan& span);
/// `[a, b]`
std::string json_list(std::span<const std::string> items);

}  // namespace nacre::cli

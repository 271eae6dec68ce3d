// Output of the commands: results on standard output, progress on standard error and only on a terminal.
//
//     Table table({"operator", "nodes"});
//     table.add({"MatMul", "36"});
//     print(table.text());
//     Progress progress;
//     progress.show("run 3 of 10");      // wiped when `progress` goes
//
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::cli {

/// Thrown when nobody reads standard output any more (`nacre ops | head`); main ends quietly.
struct OutputClosed {};

/// To standard output, all at once. Throws OutputClosed; a Failure when the disk is full.
void print(std::string_view text);
/// To standard error, after wiping progress.
void print_error(std::string_view text);

/// Columns as wide as their widest cell; numbers to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  size_t rows() const noexcept { return rows_.size() - 1; }
  std::string text(std::string_view indent = "") const;
  std::string markdown() const;

 private:
  bool numeric(size_t column) const;
  std::vector<std::vector<std::string>> rows_;
};

/// "0.123"
std::string fixed(double value, int digits);
/// Three or four significant digits: "1.234e-05", "12.3".
std::string compact(double value);
/// "22.7 M", "1.2 G", "345".
std::string scaled(double value);
/// "90.9 MB"
std::string bytes_text(int64_t bytes);
std::string joined(const std::vector<std::string>& list, std::string_view separator = ", ");
/// "a,b" to its parts, empty ones dropped.
std::vector<std::string> split(std::string_view list, char separator = ',');

/// One line that is rewritten; nothing when standard error is no terminal.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(std::string_view text);
  void clear();

 private:
  bool terminal_, shown_ = false;
};

}  // namespace nacre::cli

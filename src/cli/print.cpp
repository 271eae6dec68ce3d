#include "cli/print.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "cli/command.h"
#include "core/os/terminal.h"

namespace nacre::cli {
namespace {

Progress* current_progress = nullptr;  // commands show one line, from their main thread

/// Columns that UTF-8 text takes, near enough: one for each code point.
size_t width_of(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return right ? space + text : text + space;
}

std::string scaled_by(double value, double step, std::string_view suffix) {
  static constexpr const char* kPrefixes[] = {"", "k", "M", "G", "T", "P"};
  size_t power = 0;
  for (; std::abs(value) >= step && power + 1 < std::size(kPrefixes); ++power) value /= step;
  const std::string number = fixed(value, power == 0 || std::abs(value) >= 100 ? 0 : 1);
  const std::string unit = kPrefixes[power] + std::string(suffix);
  return unit.empty() ? number : number + " " + unit;
}

}  // namespace

void print(std::string_view text) {
  if (current_progress) current_progress->clear();
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  if (errno == EPIPE) throw OutputClosed();
  throw Failure{"standard output", Error(ErrorCode::io, std::strerror(errno))};
}

void print_error(std::string_view text) {
  if (current_progress) current_progress->clear();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

bool Table::numeric(size_t column) const {
  for (size_t row = 1; row < rows_.size(); ++row) {
    if (column >= rows_[row].size() || rows_[row][column].empty()) continue;
    const char first = rows_[row][column][0];
    if (!(first >= '0' && first <= '9') && first != '-' && first != '+' && first != '.') return false;
  }
  return true;
}

std::string Table::text(std::string_view indent) const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t column = 0; column < row.size(); ++column) widths[column] = std::max(widths[column], width_of(row[column]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line(indent);
    for (size_t column = 0; column < row.size(); ++column)
      line += (column ? "  " : "") + padded(row[column], widths[column], numeric(column));
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string Table::markdown() const {
  std::string out;
  for (size_t row = 0; row < rows_.size(); ++row) {
    out += '|';
    for (const std::string& cell : rows_[row]) out += ' ' + cell + " |";
    out += '\n';
    if (row > 0) continue;
    out += '|';
    for (size_t column = 0; column < rows_[0].size(); ++column) out += numeric(column) ? "---:|" : "---|";
    out += '\n';
  }
  return out;
}

std::string fixed(double value, int digits) {
  char buffer[400];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

std::string compact(double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

std::string scaled(double value) { return scaled_by(value, 1000, ""); }
std::string bytes_text(int64_t bytes) { return scaled_by(double(bytes), 1000, "B"); }

std::string joined(const std::vector<std::string>& list, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < list.size(); ++i) out += (i ? std::string(separator) : "") + list[i];
  return out;
}

std::vector<std::string> split(std::string_view list, char separator) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const size_t end = std::min(list.find(separator), list.size());
    if (end > 0) out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

Progress::Progress() : terminal_(is_terminal(2)) { current_progress = this; }

Progress::~Progress() {
  clear();
  current_progress = nullptr;
}

void Progress::show(std::string_view text) {
  if (!terminal_) return;
  const std::string line(text.substr(0, size_t(std::max(1, terminal_width(2, 80) - 1))));
  std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace nacre::cli

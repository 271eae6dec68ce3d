// Reports and profiles as text, JSON and Chrome's traces.
#include <algorithm>
#include <map>

#include "core/text.h"
#include "io/json.h"
#include "nacre/session.h"

namespace nacre {
namespace {

std::string json_strings(const std::vector<std::string>& list) {
  std::string out = "[";
  for (size_t i = 0; i < list.size(); ++i) out += (i ? "," : "") + json_quoted(list[i]);
  return out + "]";
}

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string fixed(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

double gigaflops(double flops, double milliseconds) { return flops / milliseconds / 1e6; }

std::string speed_text(const NodeProfile& node) {
  return node.flops > 0 && node.milliseconds > 0 ? cat(gigaflops(node.flops, node.milliseconds)) : "null";
}

}  // namespace

std::string Report::text() const {
  std::string out;
  for (const PlacedRegion& region : regions) out += cat(region.backend, ": ", region.nodes.size(), " nodes (", region.reason, ")\n");
  if (crossings > 0) out += cat(crossings, " values cross between backends\n");
  for (const std::string& warning : warnings) out += cat("warning: ", warning, "\n");
  return out;
}

std::string Report::json() const {
  std::string out = "{\"regions\":[";
  for (size_t i = 0; i < regions.size(); ++i)
    out += cat(i ? "," : "", "{\"backend\":", json_quoted(regions[i].backend), ",\"reason\":", json_quoted(regions[i].reason),
               ",\"nodes\":", json_strings(regions[i].nodes), ",\"reasons\":", json_strings(regions[i].reasons), "}");
  return out + cat("],\"crossings\":", crossings, ",\"warnings\":", json_strings(warnings), "}");
}

std::string Profile::text() const {
  struct Sum {
    double milliseconds = 0, flops = 0;
    int64_t count = 0, bytes = 0;
  };
  std::map<std::string, Sum> by_kernel;
  double total = 0;
  for (const NodeProfile& node : nodes) {
    Sum& sum = by_kernel[cat(node.op, " (", node.backend, "/", node.kernel, ")")];
    sum.milliseconds += node.milliseconds, sum.bytes += node.bytes, sum.flops += node.flops, ++sum.count;
    total += node.milliseconds;
  }
  std::vector<std::pair<std::string, Sum>> rows(by_kernel.begin(), by_kernel.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.milliseconds > b.second.milliseconds; });
  std::string out = padded("operator (backend/kernel)", 48) + "  nodes        ms     %         MB    GFLOP/s\n";
  for (const auto& [name, sum] : rows) {
    char line[160];
    std::snprintf(line, sizeof line, "  %5lld %9.3f %5.1f %10.2f", static_cast<long long>(sum.count), sum.milliseconds,
                  total > 0 ? 100 * sum.milliseconds / total : 0, static_cast<double>(sum.bytes) / 1e6);
    const std::string speed = sum.flops > 0 && sum.milliseconds > 0 ? fixed(gigaflops(sum.flops, sum.milliseconds), 1) : "-";
    out += padded(name, 48) + line + std::string(speed.size() < 11 ? 11 - speed.size() : 1, ' ') + speed + "\n";
  }
  return out + cat("total ", fixed(total, 3), " ms in ", nodes.size(), " nodes\n");
}

std::string Profile::json() const {
  std::string out = "{\"nodes\":[";
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NodeProfile& node = nodes[i];
    out += cat(i ? "," : "", "{\"name\":", json_quoted(node.node), ",\"op\":", json_quoted(node.op),
               ",\"backend\":", json_quoted(node.backend), ",\"kernel\":", json_quoted(node.kernel), ",\"begin_ms\":", node.begin,
               ",\"ms\":", node.milliseconds, ",\"bytes\":", node.bytes, ",\"gflops\":", speed_text(node), "}");
  }
  return out + "]}";
}

// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU: complete events, in microseconds; one
// row ("thread") for each backend.
std::string Profile::trace() const {
  std::vector<std::string> backends;
  std::string out = "{\"traceEvents\":[";
  for (const NodeProfile& node : nodes) {
    auto row = std::find(backends.begin(), backends.end(), node.backend);
    if (row == backends.end()) row = backends.insert(backends.end(), node.backend);
    out += cat("{\"ph\":\"X\",\"pid\":1,\"tid\":", row - backends.begin() + 1,
               ",\"cat\":\"node\",\"name\":", json_quoted(node.node.empty() ? node.op : node.node), ",\"ts\":", node.begin * 1e3,
               ",\"dur\":", node.milliseconds * 1e3, ",\"args\":{\"op\":", json_quoted(node.op), ",\"kernel\":", json_quoted(node.kernel),
               ",\"bytes\":", node.bytes, ",\"gflops\":", speed_text(node), "}},");
  }
  for (size_t row = 0; row < backends.size(); ++row)
    out += cat("{\"ph\":\"M\",\"pid\":1,\"tid\":", row + 1, ",\"name\":\"thread_name\",\"args\":{\"name\":", json_quoted(backends[row]),
               "}},");
  if (out.back() == ',') out.pop_back();
  return out + "],\"displayTimeUnit\":\"ms\"}";
}

}  // namespace nacre

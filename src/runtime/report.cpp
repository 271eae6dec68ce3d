// Reports and profiles as text and JSON. JSON is written by hand: two flat shapes do not need a library here.
#include <algorithm>
#include <map>

#include "core/text.h"
#include "nacre/session.h"

namespace nacre {
namespace {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr char kHex[] = "0123456789abcdef";
      out += cat("\\u00", kHex[c >> 4 & 15], kHex[c & 15]);
    } else
      out += c;
  }
  return out + '"';
}

std::string json_strings(const std::vector<std::string>& list) {
  std::string out = "[";
  for (size_t i = 0; i < list.size(); ++i) out += (i ? "," : "") + json_string(list[i]);
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
    out += cat(i ? "," : "", "{\"backend\":", json_string(regions[i].backend), ",\"reason\":", json_string(regions[i].reason),
               ",\"nodes\":", json_strings(regions[i].nodes), ",\"reasons\":", json_strings(regions[i].reasons), "}");
  return out + cat("],\"crossings\":", crossings, ",\"warnings\":", json_strings(warnings), "}");
}

std::string Profile::text() const {
  struct Sum {
    double milliseconds = 0;
    int64_t count = 0, bytes = 0;
  };
  std::map<std::string, Sum> by_kernel;
  double total = 0;
  for (const NodeProfile& node : nodes) {
    Sum& sum = by_kernel[cat(node.op, " (", node.backend, "/", node.kernel, ")")];
    sum.milliseconds += node.milliseconds, sum.bytes += node.bytes, ++sum.count;
    total += node.milliseconds;
  }
  std::vector<std::pair<std::string, Sum>> rows(by_kernel.begin(), by_kernel.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.milliseconds > b.second.milliseconds; });
  std::string out = padded("operator (backend/kernel)", 48) + "  nodes        ms     %         MB\n";
  for (const auto& [name, sum] : rows) {
    char line[160];
    std::snprintf(line, sizeof line, "  %5lld %9.3f %5.1f %10.2f\n", static_cast<long long>(sum.count), sum.milliseconds,
                  total > 0 ? 100 * sum.milliseconds / total : 0, static_cast<double>(sum.bytes) / 1e6);
    out += padded(name, 48) + line;
  }
  return out + cat("total ", fixed(total, 3), " ms in ", nodes.size(), " nodes\n");
}

std::string Profile::json() const {
  std::string out = "{\"nodes\":[";
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NodeProfile& node = nodes[i];
    out += cat(i ? "," : "", "{\"name\":", json_string(node.node), ",\"op\":", json_string(node.op),
               ",\"backend\":", json_string(node.backend), ",\"kernel\":", json_string(node.kernel), ",\"ms\":", node.milliseconds,
               ",\"bytes\":", node.bytes, "}");
  }
  return out + "]}";
}

}  // namespace nacre

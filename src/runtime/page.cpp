// The graph of a session as one HTML file: drawn from top to bottom by depth, coloured by backend or by time.
#include <algorithm>
#include <map>

#include "graph/op.h"
#include "runtime/session_state.h"

namespace nacre {
namespace {

constexpr int kWidth = 168, kHeight = 34, kColumn = 184, kRow = 64, kMargin = 24;
constexpr const char* kColours[] = {"#7fb8d8", "#e8a87c", "#a8c686", "#c79bd2", "#e6cf6b", "#d98b9b", "#8fd0c0", "#b5b5b5"};
constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Nacre: what runs where</title><style>
body { font: 14px sans-serif; margin: 1.5em; color: #222; background: #fff }
svg text { font: 11px sans-serif; pointer-events: none } svg path { fill: none; stroke: #999 } rect { stroke: #555; rx: 4 }
td, th { padding: 2px 10px; text-align: left } .key { display: inline-block; width: 1em; height: 1em; border: 1px solid #555 }
#board { overflow: auto; border: 1px solid #ccc } button { margin-right: .5em }
</style></head><body>
)";
constexpr std::string_view kScript = R"(<script>
function colour(by) { for (const r of document.querySelectorAll('rect')) r.style.fill = r.dataset[by] || '#eee'; }
</script></body></html>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

std::string shortened(std::string_view text, size_t most) {
  return text.size() <= most ? std::string(text) : cat("...", text.substr(text.size() - most + 3));
}

struct Cell {
  int column = 0, row = 0;
  int x() const { return kMargin + column * kColumn; }
  int y() const { return kMargin + row * kRow; }
};

class Page {
 public:
  Page(const Graph& graph, const Report& report, const Profile* profile) : graph_(graph), report_(report), uses_(graph) {
    for (const PlacedRegion& region : report.regions) {
      if (std::find(backends_.begin(), backends_.end(), region.backend) == backends_.end()) backends_.push_back(region.backend);
      for (size_t i = 0; i < region.nodes.size(); ++i)
        placed_[region.nodes[i]] = {region.backend, i < region.reasons.size() ? region.reasons[i] : region.reason};
    }
    if (!profile) return;
    for (const NodeProfile& node : profile->nodes) {
      auto& [milliseconds, kernel] = times_[node.node];
      milliseconds += node.milliseconds, kernel = node.kernel;
      slowest_ = std::max(slowest_, milliseconds);
    }
  }

  std::string html() {
    lay_out();
    std::string out = cat(kHead, "<h1>What runs where</h1>\n", legend());
    if (!times_.empty())
      out += cat("<p><button onclick=\"colour('backend')\">by backend</button><button onclick=\"colour('time')\">by time</button>",
                 "red: ", slowest_, " ms; grey: no time of its own, as it runs inside another node or was not needed</p>\n");
    out += cat("<div id=\"board\"><svg width=\"", width_, "\" height=\"", height_, "\" xmlns=\"http://www.w3.org/2000/svg\">\n");
    for (size_t n = 0; n < graph_.nodes.size(); ++n) out += wires(n);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) out += box(n);
    return cat(out, "</svg></div>\n", warnings(), kScript);
  }

 private:
  void lay_out() {
    std::map<int, int> used;  // row -> columns
    for (const Node& node : graph_.nodes) {
      Cell cell;
      for (Edge edge : node.inputs)
        if (const int32_t from = edge == kAbsent ? -1 : uses_.producer[index(edge)]; from >= 0)
          cell.row = std::max(cell.row, cells_[size_t(from)].row + 1);
      cell.column = used[cell.row]++;
      width_ = std::max(width_, cell.x() + kColumn), height_ = std::max(height_, cell.y() + kRow);
      cells_.push_back(cell);
    }
  }

  std::string_view colour_of(std::string_view backend) const {
    const size_t i = size_t(std::find(backends_.begin(), backends_.end(), backend) - backends_.begin());
    return kColours[i % std::size(kColours)];
  }

  std::string legend() const {
    std::string out = "<table><tr><th></th><th>backend</th><th>nodes</th></tr>\n";
    for (const std::string& backend : backends_) {
      size_t nodes = 0;
      for (const PlacedRegion& region : report_.regions) nodes += region.backend == backend ? region.nodes.size() : 0;
      out += cat("<tr><td><span class=\"key\" style=\"background:", colour_of(backend), "\"></span></td><td>", escaped(backend),
                 "</td><td>", nodes, "</td></tr>\n");
    }
    return out + cat("</table><p>", report_.crossings, " values cross between backends</p>\n");
  }

  std::string wires(size_t n) const {
    std::string out;
    for (Edge edge : graph_.nodes[n].inputs) {
      const int32_t from = edge == kAbsent ? -1 : uses_.producer[index(edge)];
      if (from < 0) continue;
      const Cell &a = cells_[size_t(from)], &b = cells_[n];
      const int x = a.x() + kWidth / 2, y = a.y() + kHeight, to = b.x() + kWidth / 2;
      out += cat("<path d=\"M", x, " ", y, " C", x, " ", y + 15, " ", to, " ", b.y() - 15, " ", to, " ", b.y(), "\"/>\n");
    }
    return out;
  }

  // White to red, by the share of the slowest node.
  std::string heat(double milliseconds) const {
    const int rest = 255 - static_cast<int>(215 * (slowest_ > 0 ? milliseconds / slowest_ : 0));
    return cat("rgb(255,", rest, ",", rest, ")");
  }

  std::string box(size_t n) const {
    const Node& node = graph_.nodes[n];
    const Cell& cell = cells_[n];
    const auto placed = placed_.find(describe(node));
    const auto time = times_.find(node.name);
    const std::string backend = placed == placed_.end() ? "?" : placed->second.first;
    std::string title = cat(describe(node), "\n", backend, ": ", placed == placed_.end() ? "not in the report" : placed->second.second);
    if (time != times_.end()) title += cat("\n", time->second.first, " ms, kernel ", time->second.second);
    return cat("<rect x=\"", cell.x(), "\" y=\"", cell.y(), "\" width=\"", kWidth, "\" height=\"", kHeight, "\" data-backend=\"",
               colour_of(backend), "\" data-time=\"", time == times_.end() ? "" : heat(time->second.first),
               "\" style=\"fill:", colour_of(backend), "\"><title>", escaped(title), "</title></rect><text x=\"", cell.x() + 6, "\" y=\"",
               cell.y() + 14, "\">", escaped(node.op->name), "</text><text x=\"", cell.x() + 6, "\" y=\"", cell.y() + 28, "\">",
               escaped(shortened(node.name, 26)), "</text>\n");
  }

  std::string warnings() const {
    std::string out;
    for (const std::string& warning : report_.warnings) out += cat("<p>warning: ", escaped(warning), "</p>\n");
    return out;
  }

  const Graph& graph_;
  const Report& report_;
  Uses uses_;
  std::vector<std::string> backends_;
  std::map<std::string, std::pair<std::string, std::string>> placed_;  // node -> backend, reason
  std::map<std::string, std::pair<double, std::string>> times_;        // node's name -> milliseconds, kernel
  double slowest_ = 0;
  std::vector<Cell> cells_;
  int width_ = 0, height_ = 0;
};

}  // namespace

std::string Session::page(const Profile* profile) const {
  const Report report = state_->report();
  return Page(state_->graph, report, profile).html();
}

}  // namespace nacre

#include "backends/onnxruntime/node_times.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace nacre::onnxruntime {
namespace {

using Json = nlohmann::json;

double number(const Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_number() ? found->get<double>() : 0;
}

std::string text(const Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t whole(const std::string& digits) {
  int64_t out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

}  // namespace

// An array of Chrome's trace events in microseconds; a node's is "NAME_kernel_time" of category "Node", a run's "model_run".
Result<std::vector<NodeTime>> read_node_times(std::string_view json) {
  constexpr std::string_view kSuffix = "_kernel_time";
  const Json events = Json::parse(json, nullptr, false);
  if (!events.is_array()) return fail(ErrorCode::internal, "ONNX Runtime's profile is no list of events");
  double begin = -1, end = -1;
  for (const Json& event : events)
    if (event.is_object() && text(event, "name") == "model_run" && number(event, "ts") >= begin)
      begin = number(event, "ts"), end = begin + number(event, "dur");
  if (begin < 0) return fail(ErrorCode::internal, "ONNX Runtime's profile has no run");
  std::vector<NodeTime> out;
  for (const Json& event : events) {
    if (!event.is_object() || text(event, "cat") != "Node" || !event.contains("args")) continue;
    std::string name = text(event, "name");
    const double at = number(event, "ts");
    if (!name.ends_with(kSuffix) || at < begin || at > end) continue;
    const Json& args = event["args"];
    name.resize(name.size() - kSuffix.size());
    out.push_back({std::move(name), text(args, "op_name"), text(args, "provider"), (at - begin) / 1e3, number(event, "dur") / 1e3,
                   whole(text(args, "output_size"))});
  }
  std::ranges::sort(
      out, [](const NodeTime& a, const NodeTime& b) { return a.begin != b.begin ? a.begin < b.begin : a.milliseconds > b.milliseconds; });
  double inside = -1;  // until here a node with a body runs
  std::erase_if(out, [&](const NodeTime& node) {
    const double ends = node.begin + node.milliseconds;
    const bool is_of_body = ends < inside;
    inside = std::max(inside, ends);
    return is_of_body;
  });
  return out;
}

}  // namespace nacre::onnxruntime

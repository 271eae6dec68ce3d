#include "graph/op.h"

namespace nacre {
namespace {

class Printer {
 public:
  std::string run(const Graph& graph, std::string indent) {
    for (Edge edge : graph.inputs) line(indent, "input  ", label(graph, edge), " : ", graph.fact(edge));
    for (const Node& node : graph.nodes) print(graph, node, indent);
    for (size_t i = 0; i < graph.outputs.size(); ++i)
      line(indent, "output ", graph.output_names[i], " = ", label(graph, graph.outputs[i]), " : ", graph.fact(graph.outputs[i]));
    return std::move(out_);
  }

 private:
  template <class... Parts>
  void line(const Parts&... parts) {
    (append(out_, parts), ...);
    out_ += '\n';
  }

  static std::string label(const Graph& graph, Edge edge) {
    if (edge == kAbsent) return "-";
    std::string out = "%" + std::to_string(index(edge));
    if (!graph[edge].name.empty()) out += ":" + graph[edge].name;
    return graph.constant(edge) ? out + "=" + describe(*graph.constant(edge)) : out;
  }

  void print(const Graph& graph, const Node& node, const std::string& indent) {
    std::string text = indent;
    for (size_t i = 0; i < node.outputs.size(); ++i) text += (i ? ", " : "") + label(graph, node.outputs[i]);
    text += cat(" = ", node.op->name, "(");
    for (size_t i = 0; i < node.inputs.size(); ++i) text += (i ? ", " : "") + label(graph, node.inputs[i]);
    text += ")";
    for (const Attribute& attribute : node.attributes.list()) text += " " + attribute.name;
    if (!node.outputs.empty() && node.outputs[0] != kAbsent) text += cat(" : ", graph.fact(node.outputs[0]));
    line(text);
    for (const Body& body : node.bodies) {
      line(indent, "  ", body.name, ":");
      out_ += Printer().run(*body.graph, indent + "    ");
    }
  }

  std::string out_;
};

}  // namespace

std::string print(const Graph& graph) { return Printer().run(graph, ""); }

}  // namespace nacre

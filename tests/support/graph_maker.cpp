#include "tests/support/graph_maker.h"

#include <algorithm>

#include "ops/inference.h"

namespace nacre::test {

// --- operands ---

GraphMaker::Slot* GraphMaker::slot_of(Edge edge) {
  const auto found = std::find_if(pool_.begin(), pool_.end(), [&](const Slot& slot) { return slot.edge == edge; });
  return found == pool_.end() ? nullptr : &*found;
}

// Constants and inputs are what they are.
bool GraphMaker::is_exact(Edge edge) {
  const Slot* slot = slot_of(edge);
  return !slot || slot->exact;
}

Edge GraphMaker::give(Tensor tensor, bool constant) {
  if (constant) return graph_.add_constant(std::move(tensor));
  const std::string name = cat("x", inputs_.size());
  Fact fact = Fact::of(tensor);
  fact.values = nullptr;
  const size_t way = dice_.below(8);
  if (way == 0) fact.shape.reset();
  if (way == 1 || way == 2)
    for (size_t d = 0; d < fact.shape->size(); ++d) {
      const int64_t size = tensor.shape()[d];
      const std::string symbol = way == 1 ? cat(name, "_", d) : cat("d", size);
      bindings_[symbol] = size;
      (*fact.shape)[d] = SymDim::symbol(symbol);
    }
  inputs_.emplace_back(name, tensor);
  const Edge edge = graph_.add_input(name, std::move(fact));
  steps_[edge] = Value(std::move(tensor));
  pool_.push_back({edge, true});
  return edge;
}

bool GraphMaker::unify(Call& call, const Operand& operand, const Shape& shape) {
  int64_t kept[128];
  std::copy(std::begin(call.dims), std::end(call.dims), kept);
  const std::vector<int64_t> tail = call.tail;
  size_t at = 0;
  bool fits = true;
  for (const std::string& item : operand.dims) {
    if (item == ".") {
      const size_t rest = shape.size() < at ? 0 : shape.size() - at;
      if (call.tail.empty() && rest >= 1 && rest <= 2) call.tail.assign(shape.begin() + long(at), shape.end());
      fits = fits && call.tail.size() == rest && std::equal(call.tail.begin(), call.tail.end(), shape.end() - long(rest));
      at = shape.size();
      continue;
    }
    if (at >= shape.size()) {
      fits = false;
      break;
    }
    int64_t* bound = item.size() == 1 && std::isalpha(item[0]) ? &call.dims[size_t(item[0]) & 127] : nullptr;
    if (bound && *bound < 0)
      *bound = shape[at++];
    else
      fits = fits && shape[at++] == int64_t(expression(call, item));
    if (!fits) break;
  }
  if (fits && at == shape.size()) return true;
  std::copy(std::begin(kept), std::end(kept), call.dims);
  call.tail = tail;
  return false;
}

GraphMaker::Slot* GraphMaker::match(Call& call, const Operand& operand, DType dtype) {
  if (pool_.empty()) return nullptr;
  const size_t begin = dice_.below(pool_.size());
  for (size_t i = 0; i < std::min<size_t>(pool_.size(), 12); ++i) {
    Slot& slot = pool_[(begin + i) % pool_.size()];
    const Value& value = steps_[slot.edge];
    if (!value.is_tensor() || value.tensor().dtype() != dtype || (operand.jumps && !slot.exact) || value.tensor().size() > 4096) continue;
    const Shape& shape = value.tensor().shape();
    bool fits = false;
    switch (operand.shape) {
      case '*':
      case '+':
        fits = call.shape ? shape == *call.shape : shape.size() < 5 && (operand.shape == '*' || !shape.empty());
        if (fits) call.shape = shape;
        break;
      case '~':
        if (!call.shape) call.shape = shape;
        fits = shape.size() < 5 && broadcast(shape, *call.shape).has_value();
        break;
      case '%': {
        if (!call.shape) break;
        const auto both = broadcast(shape, *call.shape);
        fits = both && *both == *call.shape;
        break;
      }
      case '_': fits = shape.empty(); break;
      case '[': fits = unify(call, operand, shape); break;
      default: break;
    }
    if (fits) return &slot;
  }
  return nullptr;
}

std::optional<Shape> GraphMaker::wanted_shape(Call& call, const Operand& operand) {
  Shape out;
  switch (operand.shape) {
    case '*':
    case '+':
      if (!call.shape) call.shape = some_shape(operand.shape == '+');
      return call.shape;
    case '~':
    case '%':
      if (!call.shape) call.shape = some_shape(0);
      out = *call.shape;
      if (dice_.one_in(3) && !out.empty()) out.erase(out.begin());
      if (dice_.one_in(3) && !out.empty()) out[dice_.below(out.size())] = 1;
      return out;
    case '_': return out;
    default: break;
  }
  if (operand.dims.size() == 1 && operand.dims[0] == ".") return out;
  for (const std::string& item : operand.dims) {
    if (item == ".") {
      if (call.tail.empty())
        for (size_t n = 1 + dice_.below(2); n > 0; --n) call.tail.push_back(dim());
      out.insert(out.end(), call.tail.begin(), call.tail.end());
      continue;
    }
    const double size = expression(call, item);
    if (size < 0 || size > 4096) return std::nullopt;
    out.push_back(int64_t(size));
  }
  return out;
}

// Elements of another value in the wanted shape: the graph stays in one piece.
Edge GraphMaker::fitted(DType dtype, const Shape& shape, bool exact) {
  std::vector<Edge> fit;
  for (const Slot& slot : pool_)
    if (const Value& value = steps_[slot.edge];
        value.is_tensor() && value.tensor().dtype() == dtype && value.tensor().size() > 0 && (slot.exact || !exact))
      fit.push_back(slot.edge);
  const int64_t wanted = element_count(shape);
  if (fit.empty() || wanted > 4096) return kAbsent;
  const Edge from = fit[dice_.below(fit.size())];
  const int64_t size = steps_[from].tensor().size(), step = dice_.within(1, 5);
  std::vector<double> places(static_cast<size_t>(wanted));
  for (size_t i = 0; i < places.size(); ++i) places[i] = double((int64_t(i) * step) % size);
  Node flat, taken;
  flat.op = find_op("", "Reshape"), flat.name = cat("flat", graph_.nodes.size());
  flat.inputs = {from, graph_.add_constant(Tensor::of<int64_t>({1}, {-1}))}, flat.outputs = {graph_.add_edge()};
  const Edge line = flat.outputs[0];
  if (!append(std::move(flat), 'm', 0)) return kAbsent;
  taken.op = find_op("", "Gather"), taken.name = cat("taken", graph_.nodes.size());
  taken.inputs = {line, graph_.add_constant(tensor_of(DType::int64, shape, places))}, taken.outputs = {graph_.add_edge()};
  const Edge out = taken.outputs[0];
  return append(std::move(taken), 'm', 0) ? out : kAbsent;
}

Edge GraphMaker::special_value(Call& call, char type) {
  const Value::Kind kind = type == 'S' ? Value::Kind::sequence : Value::Kind::optional;
  for (const Slot& slot : pool_)
    if (steps_[slot.edge].kind() == kind && (dice_.one_in(2) || &slot == &pool_.back())) return slot.edge;
  Node node;
  node.op = find_op("", type == 'S' ? "SequenceConstruct" : "Optional"), node.name = cat("made", graph_.nodes.size());
  const Shape shape = some_shape(1);
  for (size_t n = type == 'S' ? 1 + dice_.below(2) : 1; n > 0; --n)
    node.inputs.push_back(give(random_tensor(DType::float32, shape), false));
  node.outputs = {graph_.add_edge()};
  const Edge out = node.outputs[0];
  call.ok = append(std::move(node), 'm', 0);
  return out;
}

Edge GraphMaker::operand(Call& call, const Operand& operand, bool first) {
  if (operand.type == '-' || (operand.optional && dice_.one_in(2))) return kAbsent;
  if (operand.type == 'S' || operand.type == 'O') return special_value(call, operand.type);
  const DType dtype = dtype_of_letter(call, operand.type);
  const bool constant = dice_.one_in(first ? 8 : 3);
  if (!operand.list.empty()) {
    const std::vector<double> numbers = numbers_of(call, operand.list, !is_float(dtype));
    const auto shape = operand.shape == '{' ? std::optional<Shape>({int64_t(numbers.size())}) : wanted_shape(call, operand);
    call.ok = call.ok && shape && element_count(*shape) == int64_t(numbers.size());
    // 1-D lists that may be filled anew: one number for all.
    if (shape && !call.ok && numbers.size() == 1) {
      call.ok = true;
      return give(tensor_of(dtype, *shape, std::vector<double>(size_t(element_count(*shape)), numbers[0])), constant);
    }
    return call.ok ? give(tensor_of(dtype, *shape, numbers), constant || dice_.one_in(2)) : kAbsent;
  }
  if (operand.low.empty() && !alone_ && dice_.below(first ? 8 : 3) > 0)
    if (Slot* slot = match(call, operand, dtype)) return slot->used = true, slot->edge;
  const auto shape = wanted_shape(call, operand);
  if (!shape || element_count(*shape) > 65536) return call.ok = false, kAbsent;
  if (!operand.low.empty()) {
    const double low = expression(call, operand.low), high = expression(call, operand.high);
    std::vector<double> numbers(static_cast<size_t>(element_count(*shape)));
    for (double& x : numbers)
      x = hostile_ && dice_.one_in(12) ? chosen(call, "0", true) + (dice_.one_in(2) ? high + 1 : low - 1)
                                       : double(dice_.within(int64_t(low), int64_t(high)));
    return give(tensor_of(dtype, *shape, numbers), constant);
  }
  if (!alone_ && dice_.below(8) < 5)
    if (const Edge edge = fitted(dtype, *shape, operand.jumps); edge != kAbsent) return edge;
  return give(random_tensor(dtype, *shape), constant);
}

void GraphMaker::add_attributes(Call& call, Node& node) {
  for (const AttributeRecipe& a : call.recipe.attributes) {
    if (a.optional && dice_.one_in(2)) continue;
    const bool list = a.text.starts_with('[');
    const std::vector<std::string> items = list ? cut(a.text.substr(1, a.text.size() - 2), ',') : std::vector<std::string>{a.text};
    if (a.kind == ':') {
      const std::vector<std::string> texts = cut(a.text, '|');
      node.attributes.set(a.name, texts[dice_.below(texts.size())]);
    } else if (list && a.text.starts_with("['")) {
      std::vector<std::string> texts;
      for (const std::string& item : items) texts.push_back(item.substr(1, item.size() - 2));
      node.attributes.set(a.name, texts);
    } else if (a.text == "@perm") {
      node.attributes.set(a.name, perm_of(call.rank));
    } else if (a.text == "@to") {
      node.attributes.set(a.name, int64_t(1 + dice_.below(kDTypeCount - 1)));
    } else {
      const std::vector<double> numbers = numbers_of(call, items, a.kind == '=');
      if (a.kind == '=' && list)
        node.attributes.set(a.name, std::vector<int64_t>(numbers.begin(), numbers.end()));
      else if (a.kind == '=')
        node.attributes.set(a.name, int64_t(numbers.at(0)));
      else if (list)
        node.attributes.set(a.name, std::vector<float>(numbers.begin(), numbers.end()));
      else
        node.attributes.set(a.name, float(numbers.at(0)));
    }
  }
}

// --- nodes ---

bool GraphMaker::attempt(const Recipe& recipe) {
  if (recipe.special) return special(recipe);
  Call call{.recipe = recipe};
  std::fill(std::begin(call.dims), std::end(call.dims), -1);
  call.index = dice_.one_in(3) ? DType::int32 : DType::int64;
  Node node;
  node.op = recipe.op;
  node.name = cat(recipe.op->name, graph_.nodes.size());
  uint32_t jumps = 0;
  for (size_t i = 0; i < recipe.operands.size(); ++i) {
    const Edge edge = operand(call, recipe.operands[i], i == 0);
    if (!call.ok || failure_) return false;
    if (i == 0 && edge != kAbsent && steps_[edge].is_tensor()) call.rank = steps_[edge].tensor().rank();
    node.inputs.push_back(edge);
    if (recipe.operands[i].jumps && !is_exact(edge)) return false;
    jumps |= uint32_t(recipe.operands[i].jumps) << i;
  }
  while (!node.inputs.empty() && node.inputs.back() == kAbsent) node.inputs.pop_back();
  if (recipe.op->inputs.most >= kMany) std::erase(node.inputs, kAbsent);
  add_attributes(call, node);
  for (int n = int(dice_.within(recipe.least, recipe.most)); n > 0; --n) node.outputs.push_back(graph_.add_edge());
  return append(std::move(node), recipe.kind, jumps);
}

bool GraphMaker::append(Node node, char kind, uint32_t jumps) {
  const Op* op = node.op;
  const size_t before = graph_.nodes.size();
  Builder builder(graph_);
  Upgrade upgrade(builder, node, *(op->since.end() - 1));
  if (op->upgrade) {
    if (auto done = op->upgrade(upgrade); !done) return refused[op] = done.error().what(), forget(before), false;
  }
  const std::vector<Edge> results = upgrade.replaced() ? upgrade.outputs() : node.outputs;
  if (!upgrade.replaced()) builder.append(std::move(node));
  if (!builder.status()) return refused[op] = builder.status().error().what(), forget(before), false;
  if (graph_.nodes.size() > before + 1 && jumps) jumps = ~0u;
  if (!evaluated(before, kind, jumps, results)) return false;
  ops_.push_back(op);
  return true;
}

bool GraphMaker::evaluated(size_t before, char kind, uint32_t jumps, std::span<const Edge> results) {
  const size_t pool = pool_.size();
  for (size_t i = before; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    if (auto done = steps_.step(node); !done) {
      if (!hostile_ && !alone_) return refused[node.op] = done.error().what(), pool_.resize(pool), forget(before), false;
      failure_ = done.error().what();
      graph_.nodes.resize(i + 1);
      rules_.resize(i + 1);
      return true;
    }
    bool exact = kind != 't';
    for (Edge edge : node.inputs) {
      if (edge == kAbsent) continue;
      exact = exact && is_exact(edge) && (kind == 'm' || is_small_dyadic(steps_[edge]));
    }
    if (!accept(node, kind, exact, results))
      return refused[node.op] = "rounding where it is not wanted", pool_.resize(pool), forget(before), false;
    rules_.push_back({kind, jumps});
  }
  if (std::all_of(results.begin(), results.end(), [&](Edge edge) { return edge == kAbsent || is_exact(edge); }))
    for (size_t i = before; i < rules_.size(); ++i) rules_[i].kind = 'm';  // nothing to disturb
  return true;
}

// Results go to the pool unless a rounding could make them something else altogether. What stands between the nodes that an
// upgrade makes does not.
bool GraphMaker::accept(const Node& node, char kind, bool exact, std::span<const Edge> results) {
  const bool exact_operands =
      std::all_of(node.inputs.begin(), node.inputs.end(), [&](Edge edge) { return edge == kAbsent || is_exact(edge); });
  for (Edge edge : node.outputs) {
    if (edge == kAbsent) continue;
    const Value& value = steps_[edge];
    const bool real = !value.is_tensor() || is_float(value.tensor().dtype()) || is_complex(value.tensor().dtype());
    bool same = real ? exact && (kind == 'm' || is_small_dyadic(value)) && !has_denormals(value) : exact_operands;
    if (!same && kind != 'r' && (!real || !is_tame(value) || bits_of(value.is_tensor() ? value.tensor().dtype() : DType::float32) < 16))
      return false;
    if (!agrees(node)) return true;
    if (std::find(results.begin(), results.end(), edge) == results.end()) continue;
    if (kind == 'r')
      random_.push_back(edge);
    else
      pool_.push_back({edge, same});
  }
  return true;
}

// What inference says must be so.
bool GraphMaker::agrees(const Node& node) {
  for (Edge edge : node.outputs) {
    if (edge == kAbsent || !wrong_.empty()) continue;
    const Fact& fact = graph_.fact(edge);
    const Value& value = steps_[edge];
    if (!fact.is_tensor() || !value.is_tensor()) continue;
    const Tensor& tensor = value.tensor();
    bool good = fact.dtype == tensor.dtype() && (!fact.shape || int64_t(fact.shape->size()) == tensor.rank());
    for (size_t d = 0; good && fact.shape && d < fact.shape->size(); ++d)
      good = (*fact.shape)[d].evaluate(bindings_).value_or(tensor.shape()[d]) == tensor.shape()[d];
    if (good && fact.values) {
      std::vector<int64_t> elements(size_t(tensor.size()));
      load_as<int64_t>(tensor.dtype(), tensor.raw(), 0, tensor.size(), elements.data());
      good = fact.values->size() == elements.size();
      for (size_t i = 0; good && i < elements.size(); ++i)
        good = (*fact.values)[i].evaluate(bindings_).value_or(elements[i]) == elements[i];
    }
    if (!good) wrong_ = cat(describe(node), " inferred as ", fact.text(), ", evaluated to ", describe(tensor));
  }
  return wrong_.empty();
}

void GraphMaker::forget(size_t before) {
  graph_.nodes.resize(before);
  rules_.resize(before);
}

// A new row takes over the steps that it wins and leaves the others: seeds keep their meaning.
const Op* GraphMaker::choose(uint64_t step, size_t rank) {
  std::vector<std::pair<uint64_t, const Op*>> order;
  for (const auto& [op, recipes] : book_.recipes) {
    uint64_t hash = 0xcbf29ce484222325 ^ (seed_ * 0x100000001b3) ^ (step << 48);
    for (char letter : op->name) hash = (hash ^ uint64_t(letter)) * 0x100000001b3;
    for (char letter : op->domain) hash = (hash ^ uint64_t(letter)) * 0x100000001b3;
    order.emplace_back(Dice(hash).next(), op);
  }
  std::nth_element(order.begin(), order.begin() + long(rank), order.end());
  return order[rank].second;
}

Case GraphMaker::make() {
  hostile_ = dice_.one_in(6);
  const size_t wanted = 3 + dice_.below(28);
  for (int i = 0; i < 2; ++i) give(random_tensor(DType::float32, some_shape(1)), false);
  for (uint64_t step = 0; ops_.size() < wanted && step < 2 * wanted && !failure_ && wrong_.empty(); ++step) {
    dice_ = Dice(seed_ * 1000003 + step);  // a step's dice do not depend on what the steps before it threw
    for (size_t rank = 0; rank < 3; ++rank) {
      const std::vector<Recipe>& recipes = book_.recipes.at(choose(step, rank));
      if (attempt(recipes[dice_.below(recipes.size())]) || failure_) break;
    }
  }
  Case out;
  finish(out);
  return out;
}

Case GraphMaker::make_one(const Op* op, bool hostile) {
  hostile_ = hostile, alone_ = true;
  const std::vector<Recipe>& recipes = book_.recipes.at(op);
  attempt(recipes[dice_.below(recipes.size())]);
  Case out;
  finish(out);
  return out;
}

void GraphMaker::finish(Case& out) {
  const bool many = dice_.one_in(3);
  const Uses uses(graph_);
  auto add = [&](Edge edge, bool exact, bool predictable) {
    graph_.add_output(edge, cat("y", graph_.outputs.size()));
    out.exact.push_back(exact), out.predictable.push_back(predictable);
  };
  for (const Slot& slot : pool_)
    if (uses.consumers[index(slot.edge)].empty() || (many ? dice_.one_in(2) : dice_.one_in(20))) add(slot.edge, slot.exact, true);
  for (Edge edge : random_)
    if (uses.producer[index(edge)] >= 0) add(edge, false, false);
  if (failure_ && !graph_.nodes.empty())
    for (Edge edge : graph_.nodes.back().outputs) add(edge, false, false);
  if (!failure_)
    for (Edge edge : graph_.outputs) out.expected.push_back(steps_[edge]);
  out.graph = graph_, out.inputs = inputs_, out.rules = rules_, out.failure = failure_, out.wrong = wrong_, out.ops = ops_;
}

// --- operators with bodies ---

namespace {

Edge formal(Graph& body, Fact fact) {
  const Edge edge = body.add_edge("", std::move(fact));
  body.inputs.push_back(edge);
  return edge;
}

}  // namespace

Body GraphMaker::branch(const char* name, const Fact& fact, int which) {
  static constexpr const char* kOps[] = {"Neg", "Relu", "Identity", "Abs"};
  Graph body;
  Builder b(body);
  const Edge x = formal(body, fact);
  body.add_output(which == 4 ? x : which == 5 ? b.add(x, x) : b.add(kOps[which & 3], {x}), "y");
  Body out(name, std::move(body));
  out.captures = {1};
  return out;
}

bool GraphMaker::special(const Recipe& recipe) {
  std::vector<Edge> fit;
  for (const Slot& slot : pool_)
    if (const Value& value = steps_[slot.edge];
        value.is_tensor() && value.tensor().dtype() == DType::float32 && value.tensor().rank() > 0 && graph_.fact(slot.edge).shape)
      fit.push_back(slot.edge);
  if (fit.empty()) return false;
  const Edge x = fit[dice_.below(fit.size())];
  const Fact fact = graph_.fact(x);
  const std::string_view kind = recipe.op->name;
  Node node;
  node.op = recipe.op, node.name = cat(kind, graph_.nodes.size());
  size_t outputs = 1;
  Graph body;
  Builder b(body);
  if (kind == "If") {
    node.inputs = {give(Tensor::scalar<bool>(dice_.one_in(2)), dice_.one_in(4)), x}, node.captured = 1;
    node.bodies.push_back(branch("then_branch", fact, int(dice_.below(6))));
    node.bodies.push_back(branch("else_branch", fact, int(dice_.below(6))));
  } else if (kind == "Loop") {
    formal(body, Fact::tensor(DType::int64, SymShape{}));
    const Edge go = formal(body, Fact::tensor(DType::boolean, SymShape{})), v = formal(body, fact);
    body.add_output(go, "go");
    body.add_output(dice_.one_in(2) ? b.add(v, v) : b.neg(v), "v");
    body.add_output(v, "seen");
    node.inputs = {give(Tensor::scalar<int64_t>(int64_t(dice_.below(4))), dice_.one_in(2)), kAbsent, x};
    node.bodies.emplace_back("body", std::move(body));
    outputs = 2;
  } else if (kind == "Scan") {
    const Shape& shape = steps_[x].tensor().shape();
    if (element_count(Shape(shape.begin() + 1, shape.end())) > 65536) return false;  // of [0, 2^40]
    Fact part = fact;
    part.shape->erase(part.shape->begin());
    const Edge state = formal(body, Fact::tensor(DType::float32, symbolic(Shape(shape.begin() + 1, shape.end())))),
               element = formal(body, part);
    body.add_output(b.add("Max", {state, element}), "state");
    body.add_output(b.add(state, element), "seen");
    node.inputs = {give(random_tensor(DType::float32, Shape(shape.begin() + 1, shape.end())), false), x};
    node.attributes.set("num_scan_inputs", int64_t{1});
    if (dice_.one_in(2)) node.attributes.set("scan_input_directions", std::vector<int64_t>{1});
    node.bodies.emplace_back("body", std::move(body));
    outputs = 2;
  } else {
    Call call{.recipe = recipe};
    const Edge list = special_value(call, 'S');
    if (!call.ok || failure_) return false;
    const Fact& element = graph_.fact(list).element ? *graph_.fact(list).element : Fact();
    body.add_output(b.neg(formal(body, element)), "y");
    node.inputs = {list};
    node.bodies.emplace_back("body", std::move(body));
  }
  if (!b.status()) return false;
  for (size_t i = 0; i < outputs; ++i) node.outputs.push_back(graph_.add_edge());
  return append(std::move(node), 'a', ~0u);
}

}  // namespace nacre::test

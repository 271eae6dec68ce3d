// What templates make while they run: variables in scope, macros, loops, and functions with their object.
//
//     auto scope = std::make_shared<Scope>(Scope{.parent = outer});
//     scope->set("x", Value(1));
//     const Value* x = scope->find("x");
#pragma once

#include "text/template/value.h"

namespace nacre::templates {

class Engine;
struct Statement;

struct Scope {
  std::shared_ptr<Scope> parent;
  std::vector<std::pair<std::string, Value>> variables;
  int level = parent ? parent->level + 1 : 0;
  bool defines_macro = false;  ///< it is kept to the end: a macro may outlive its block

  const Value* find(std::string_view name) const {
    for (const Scope* scope = this; scope; scope = scope->parent.get())
      for (const auto& [known, value] : scope->variables)
        if (known == name) return &value;
    return nullptr;
  }
  void set(std::string_view name, Value value) {
    for (auto& [known, held] : variables)
      if (known == name) return held = std::move(value), void();
    variables.emplace_back(name, std::move(value));
  }
};

struct Macro {
  const Statement* definition = nullptr;
  std::shared_ptr<Scope> scope;  ///< where it was defined
  std::string name;
};

/// The `loop` of a for block.
struct Loop {
  const Statement* statement = nullptr;
  std::weak_ptr<Scope> scope;  ///< around the block, for loop(...); gone when the block is
  std::vector<Value> items;
  size_t index = 0;
  int depth = 1;  ///< of recursion
  int depth_of_items = 0;
  Value last_changed = Value::undefined("");
};

using Call = Outcome<Value> (*)(Engine& engine, const Value& self, const Arguments& arguments);

/// A row of a table: a filter, a test, a method or a global function by its name.
struct FunctionRow {
  std::string_view name;
  Call call;
};

struct Function {
  const FunctionRow* row = nullptr;
  Value self;
};

const FunctionRow* find_row(std::span<const FunctionRow> rows, std::string_view name);

}  // namespace nacre::templates

// Tokens to a tree, by the grammar of jinja2.
//
//     ParsedTemplate parsed = NACRE_TRY(parse_template("{{ a }}"));
//     parsed.body[0].kind == Statement::Kind::print;
#pragma once

#include "text/template/syntax.h"

namespace nacre::templates {

/// Fails (syntax) with the line; also on filters and tests that do not exist, where jinja2 says so before it renders.
Outcome<std::vector<Statement>> parse_template(std::string_view source);

inline constexpr int kMostParseDepth = 100;       // of blocks and brackets within each other
inline constexpr int kMostExpressionDepth = 200;  // of the tree: a chain of operators counts too

}  // namespace nacre::templates

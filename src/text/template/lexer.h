// Template text to tokens, with the whitespace rules of chat templates: trim_blocks, lstrip_blocks, the last newline dropped.
//
//     std::vector<Token> tokens = NACRE_TRY(tokenize("{{ a }}\n"));
//     tokens[0].kind == Token::Kind::print_begin; tokens[1].text == "a";
#pragma once

#include "text/template/value.h"

namespace nacre::templates {

struct Token {
  enum class Kind : uint8_t { text, print_begin, print_end, block_begin, block_end, name, string, integer, real, symbol, end };
  Kind kind = Kind::end;
  std::string text;  ///< of a string its value, without quotes and escapes
  int line = 0;
};

Outcome<std::vector<Token>> tokenize(std::string_view source);

/// "end of template", "name", "'+'": how messages call a token.
std::string describe(const Token& token);

}  // namespace nacre::templates

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "templates/syntax.h"

namespace tocsin::templates {

struct Token {
  enum class Kind : unsigned char {
    kText,
    kLeft,
    kRight,  // text between actions; {{ and }}
    kIdentifier,
    kField,
    kDot,
    kVariable,
    kConstant,
    kNil,
    kOpen,
    kClose,
    kPipe,
    kDeclare,
    kAssign,
    kComma,
    kEnd
  };
  Kind kind = Kind::kEnd;
  std::string text;     ///< identifiers, fields without their dot, variables with their $
  Value value;          ///< constants
  bool spaced = false;  ///< blanks stand in front of it
  std::size_t offset = 0;
};

/// Splits a template text into tokens, comments left out and trim markers applied.
base::Result<std::vector<Token>> tokenize(const SourceInfo& source);

}  // namespace tocsin::templates

#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "templates/value.h"

namespace tocsin::templates {

/// The text that trees were parsed from; offsets in trees point into it.
struct SourceInfo {
  std::string name;
  std::string text;
  std::size_t prelude = 0;  ///< bytes in front that positions do not count

  base::Position position(std::size_t offset) const;
};

struct Pipe;

/// One word of a command, with the fields that follow it directly: `$x.a.b`, `(pipe).a`, `.a.b`.
struct Operand {
  enum class Kind : unsigned char { kDot, kNil, kConstant, kVariable, kFunction, kPipe };
  Kind kind = Kind::kDot;
  Value constant;
  std::string name;  ///< of the variable (with $) or function
  std::unique_ptr<Pipe> pipe;
  std::vector<std::string> fields;
  std::size_t offset = 0;
};

struct Command {
  std::vector<Operand> operands;
};

struct Pipe {
  std::vector<std::string> variables;
  bool assigns = false;  ///< `=` rather than `:=`
  std::vector<Command> commands;
  std::size_t offset = 0;
};

struct Statement;
using Block = std::vector<Statement>;

struct Statement {
  enum class Kind : unsigned char {
    kText,
    kAction,
    kIf,
    kRange,
    kWith,
    kTemplate,
    kBreak,
    kContinue
  };
  Kind kind = Kind::kText;
  std::string text;  ///< of kText; the name of kTemplate
  std::unique_ptr<Pipe> pipe;
  Block body;
  Block otherwise;
  std::size_t offset = 0;
};

/// One named template.
struct Tree {
  std::shared_ptr<const SourceInfo> source;
  Block body;
};

using TreeMap = std::map<std::string, std::shared_ptr<const Tree>, std::less<>>;

}  // namespace tocsin::templates

#include "templates/pipe_parser.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tocsin::templates {

using Kind = Token::Kind;

base::Error PipeParser::fail(std::size_t offset, std::string message) const {
  return base::Error(base::ErrorCode::kInvalidInput, std::move(message))
      .at(source_->position(offset));
}

bool PipeParser::take(Kind kind) {
  const bool found = peek().kind == kind;
  if (found) {
    next();
  }
  return found;
}

bool PipeParser::take_keyword(std::string_view word) {
  const bool found = peek().kind == Kind::kIdentifier && peek().text == word;
  if (found) {
    next();
  }
  return found;
}

base::Status PipeParser::expect_right(std::string_view where) {
  if (!take(Kind::kRight)) {
    return fail(peek().offset, "unexpected text in " + std::string(where) + ", expected }}");
  }
  return {};
}

base::Status PipeParser::parse_declarations(Pipe& pipe, bool is_range) {
  const std::size_t begin = at_;
  std::vector<std::string> names;
  while (peek().kind == Kind::kVariable) {
    names.push_back(next().text);
    if (!(is_range && names.size() == 1 && take(Kind::kComma))) {
      break;
    }
  }
  if (!names.empty() && (peek().kind == Kind::kDeclare || peek().kind == Kind::kAssign)) {
    pipe.assigns = next().kind == Kind::kAssign;
    for (const std::string& name : names) {
      if (pipe.assigns && !is_visible(name)) {
        return fail(tokens_[begin].offset, "undefined variable " + base::quote(name));
      }
    }
    pipe.variables = std::move(names);
  } else if (names.size() > 1) {
    return fail(tokens_[begin].offset, "expected := after the variables of range");
  } else {
    at_ = begin;
  }
  return {};
}

bool PipeParser::is_visible(std::string_view name) const {
  return std::find(variables_.begin(), variables_.end(), name) != variables_.end();
}

base::Status PipeParser::parse_pipe(std::unique_ptr<Pipe>& result, std::string_view where,
                                    bool is_range) {
  const Nesting nesting(*this);
  if (nesting_ > kMaxNesting) {
    return fail(peek().offset, "nested too deeply");
  }
  auto pipe = std::make_unique<Pipe>();
  pipe->offset = peek().offset;
  if (base::Status status = parse_declarations(*pipe, is_range); !status) {
    return status;
  }
  do {
    Command& command = pipe->commands.emplace_back();
    if (base::Status status = parse_command(command); !status) {
      return status;
    }
    if (command.operands.empty()) {
      return fail(peek().offset, "missing value in " + std::string(where));
    }
    const Operand& head = command.operands.front();
    if (pipe->commands.size() > 1 &&
        (head.kind == Operand::Kind::kConstant || head.kind == Operand::Kind::kNil)) {
      return fail(head.offset, "a constant cannot take the value that is piped to it");
    }
  } while (take(Kind::kPipe));
  if (!pipe->assigns) {
    variables_.insert(variables_.end(), pipe->variables.begin(), pipe->variables.end());
  }
  result = std::move(pipe);
  return {};
}

base::Status PipeParser::parse_command(Command& command) {
  while (true) {
    switch (peek().kind) {
      case Kind::kPipe:
      case Kind::kRight:
      case Kind::kClose:
      case Kind::kText:
      case Kind::kLeft:
      case Kind::kEnd:
        return {};
      default:
        break;
    }
    if (!command.operands.empty() && !peek().spaced) {
      return fail(peek().offset, "expected a blank between arguments");
    }
    Operand& operand = command.operands.emplace_back();
    operand.offset = peek().offset;
    if (base::Status status = parse_operand(operand); !status) {
      return status;
    }
  }
}

base::Status PipeParser::parse_operand(Operand& operand) {
  const Token token = next();
  switch (token.kind) {
    case Kind::kDot:
      return {};
    case Kind::kNil:
      operand.kind = Operand::Kind::kNil;
      return {};
    case Kind::kConstant:
      operand.kind = Operand::Kind::kConstant;
      operand.constant = token.value;
      break;
    case Kind::kField:
      operand.fields.push_back(token.text);
      break;
    case Kind::kVariable:
      if (!is_visible(token.text)) {
        return fail(token.offset, "undefined variable " + base::quote(token.text));
      }
      operand.kind = Operand::Kind::kVariable;
      operand.name = token.text;
      break;
    case Kind::kIdentifier:
      if (!is_function_(token.text)) {
        return fail(token.offset, "function " + base::quote(token.text) + " not defined");
      }
      operand.kind = Operand::Kind::kFunction;
      operand.name = token.text;
      break;
    case Kind::kOpen:
      operand.kind = Operand::Kind::kPipe;
      if (base::Status status = parse_pipe(operand.pipe, "parentheses", false); !status) {
        return status;
      }
      if (!operand.pipe->variables.empty()) {
        return fail(token.offset, "variables are not set in parentheses");
      }
      if (!take(Kind::kClose)) {
        return fail(token.offset, "the parenthesis is not closed");
      }
      break;
    default:
      return fail(token.offset, "unexpected token in an action");
  }
  while (peek().kind == Kind::kField && !peek().spaced) {
    if (operand.kind == Operand::Kind::kConstant) {
      return fail(peek().offset, "a constant has no fields");
    }
    operand.fields.push_back(next().text);
  }
  return {};
}

}  // namespace tocsin::templates

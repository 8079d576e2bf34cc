#include "templates/parser.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "templates/lexer.h"

namespace tocsin::templates {
namespace {

using base::Error;
using base::ErrorCode;
using Kind = Token::Kind;

/// Nested blocks and parentheses; keeps recursion over trees bounded.
constexpr int kMaxNesting = 60;

class Parser {
 public:
  Parser(std::shared_ptr<const SourceInfo> source, std::vector<Token> tokens,
         const std::function<bool(std::string_view)>& is_function)
      : source_(std::move(source)), tokens_(std::move(tokens)), is_function_(is_function) {}

  base::Result<TreeMap> run() {
    Block body;
    std::string end;
    if (base::Status status = parse_block(body, end); !status) {
      return std::move(status).error();
    }
    if (!end.empty()) {
      return fail(end_offset_, "unexpected {{ " + end + " }}");
    }
    define("", std::move(body));
    return std::move(trees_);
  }

 private:
  Error fail(std::size_t offset, std::string message) const {
    return Error(ErrorCode::kInvalidInput, std::move(message)).at(source_->position(offset));
  }
  const Token& peek() const { return tokens_[at_]; }
  const Token& next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool take(Kind kind) {
    const bool found = peek().kind == kind;
    if (found) {
      next();
    }
    return found;
  }
  bool take_keyword(std::string_view word) {
    const bool found = peek().kind == Kind::kIdentifier && peek().text == word;
    if (found) {
      next();
    }
    return found;
  }
  base::Status expect_right(std::string_view where) {
    if (!take(Kind::kRight)) {
      return fail(peek().offset, "unexpected text in " + std::string(where) + ", expected }}");
    }
    return {};
  }

  void define(const std::string& name, Block body) {
    auto tree = std::make_shared<Tree>();
    tree->source = source_;
    tree->body = std::move(body);
    trees_[name] = std::move(tree);
  }

  /// Statements up to {{ end }}, {{ else }} or the end of the text; `end` names what it was, and
  /// the words after `else` are still to be read.
  base::Status parse_block(Block& block, std::string& end) {
    const Nesting nesting(*this);
    if (nesting_ > kMaxNesting) {
      return fail(peek().offset, "nested too deeply");
    }
    end.clear();
    while (true) {
      const Token& token = next();
      if (token.kind == Kind::kEnd) {
        return {};
      }
      if (token.kind == Kind::kText) {
        Statement& statement = block.emplace_back();
        statement.text = token.text;
        statement.offset = token.offset;
        continue;
      }
      end_offset_ = token.offset;
      if (take_keyword("end")) {
        end = "end";
        return expect_right("end");
      }
      if (take_keyword("else")) {
        end = "else";
        return {};
      }
      if (base::Status status = parse_action(block, token.offset); !status) {
        return status;
      }
    }
  }

  base::Status parse_action(Block& block, std::size_t offset) {
    if (take_keyword("define")) {
      return parse_define(offset);
    }
    if (take_keyword("block")) {
      return parse_block_action(block, offset);
    }
    Statement statement;
    statement.offset = offset;
    base::Status status;
    if (take_keyword("if")) {
      status = parse_control(statement, Statement::Kind::kIf, "if");
    } else if (take_keyword("range")) {
      ++loops_;
      status = parse_control(statement, Statement::Kind::kRange, "range");
    } else if (take_keyword("with")) {
      status = parse_control(statement, Statement::Kind::kWith, "with");
    } else if (take_keyword("template")) {
      status = parse_template(statement);
    } else if (peek().kind == Kind::kIdentifier &&
               (peek().text == "break" || peek().text == "continue") &&
               !is_function_(peek().text)) {
      const std::string word = next().text;
      if (loops_ == 0) {
        return fail(offset, word + " outside of range");
      }
      statement.kind = word == "break" ? Statement::Kind::kBreak : Statement::Kind::kContinue;
      status = expect_right(word);
    } else {
      statement.kind = Statement::Kind::kAction;
      status = parse_pipe(statement.pipe, "an action", false);
      if (status) {
        status = expect_right("an action");
      }
    }
    if (status) {
      block.push_back(std::move(statement));
    }
    return status;
  }

  base::Status parse_control(Statement& statement, Statement::Kind kind, std::string_view word) {
    statement.kind = kind;
    const std::size_t visible = variables_.size();
    base::Status status = parse_pipe(statement.pipe, word, kind == Statement::Kind::kRange);
    if (status) {
      status = expect_right(word);
    }
    std::string end;
    if (status) {
      const std::size_t inside = variables_.size();
      status = parse_block(statement.body, end);
      variables_.resize(inside);
    }
    if (kind == Statement::Kind::kRange) {
      --loops_;
    }
    if (status && end == "else") {
      status = parse_else(statement, kind, end);
    }
    variables_.resize(visible);
    if (status && end != "end") {
      return fail(statement.offset, "{{ " + std::string(word) + " }} without {{ end }}");
    }
    return status;
  }

  base::Status parse_else(Statement& statement, Statement::Kind kind, std::string& end) {
    const bool chained = (kind == Statement::Kind::kIf && take_keyword("if")) ||
                         (kind == Statement::Kind::kWith && take_keyword("with"));
    if (chained) {
      const Nesting nesting(*this);
      if (nesting_ > kMaxNesting) {
        return fail(peek().offset, "nested too deeply");
      }
      Statement inner;
      inner.offset = end_offset_;
      base::Status status =
          parse_control(inner, kind, kind == Statement::Kind::kIf ? "if" : "with");
      end = "end";
      statement.otherwise.push_back(std::move(inner));
      return status;
    }
    if (base::Status status = expect_right("else"); !status) {
      return status;
    }
    base::Status status = parse_block(statement.otherwise, end);
    if (status && end == "else") {
      return fail(end_offset_, "a second {{ else }}");
    }
    return status;
  }

  base::Result<std::string> parse_name(std::string_view word) {
    const Token token = next();
    const auto* name = std::get_if<std::string>(&token.value.storage());
    if (token.kind != Kind::kConstant || name == nullptr) {
      return fail(token.offset, std::string(word) + " takes a quoted name");
    }
    return *name;
  }

  base::Status parse_template(Statement& statement) {
    statement.kind = Statement::Kind::kTemplate;
    base::Result<std::string> name = parse_name("template");
    if (!name) {
      return std::move(name).error();
    }
    statement.text = std::move(*name);
    if (take(Kind::kRight)) {
      return {};
    }
    if (base::Status status = parse_pipe(statement.pipe, "template", false); !status) {
      return status;
    }
    return expect_right("template");
  }

  /// The body of define and block: no variables or loops of the text around are visible in it.
  base::Status parse_definition(const std::string& name, std::size_t offset) {
    std::vector<std::string> outer = std::exchange(variables_, {"$"});
    const int loops = std::exchange(loops_, 0);
    Block body;
    std::string end;
    base::Status status = parse_block(body, end);
    variables_ = std::move(outer);
    loops_ = loops;
    if (!status) {
      return status;
    }
    if (end != "end") {
      return fail(offset, "the definition of " + base::quote(name) + " has no {{ end }}");
    }
    define(name, std::move(body));
    return {};
  }

  base::Status parse_define(std::size_t offset) {
    if (nesting_ > 1) {
      return fail(offset, "define stands at the outermost level only");
    }
    base::Result<std::string> name = parse_name("define");
    if (!name) {
      return std::move(name).error();
    }
    if (base::Status status = expect_right("define"); !status) {
      return status;
    }
    return parse_definition(*name, offset);
  }

  base::Status parse_block_action(Block& block, std::size_t offset) {
    Statement statement;
    statement.kind = Statement::Kind::kTemplate;
    statement.offset = offset;
    base::Result<std::string> name = parse_name("block");
    if (!name) {
      return std::move(name).error();
    }
    statement.text = *name;
    base::Status status = parse_pipe(statement.pipe, "block", false);
    if (status) {
      status = expect_right("block");
    }
    if (status) {
      status = parse_definition(*name, offset);
    }
    block.push_back(std::move(statement));
    return status;
  }

  base::Status parse_declarations(Pipe& pipe, bool is_range) {
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

  bool is_visible(std::string_view name) const {
    return std::find(variables_.begin(), variables_.end(), name) != variables_.end();
  }

  base::Status parse_pipe(std::unique_ptr<Pipe>& result, std::string_view where, bool is_range) {
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

  base::Status parse_command(Command& command) {
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

  base::Status parse_operand(Operand& operand) {
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

  /// Counts how deep the parser is.
  struct Nesting {
    explicit Nesting(Parser& owner) : parser(owner) { ++parser.nesting_; }
    ~Nesting() { --parser.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    Parser& parser;
  };

  std::shared_ptr<const SourceInfo> source_;
  std::vector<Token> tokens_;
  const std::function<bool(std::string_view)>& is_function_;
  std::size_t at_ = 0;
  std::size_t end_offset_ = 0;
  int nesting_ = 0;
  int loops_ = 0;
  std::vector<std::string> variables_{"$"};
  TreeMap trees_;
};

}  // namespace

base::Result<TreeMap> parse_trees(std::shared_ptr<const SourceInfo> source,
                                  const std::function<bool(std::string_view)>& is_function) {
  base::Result<std::vector<Token>> tokens = tokenize(*source);
  if (!tokens) {
    return std::move(tokens).error();
  }
  return Parser(std::move(source), std::move(*tokens), is_function).run();
}

}  // namespace tocsin::templates

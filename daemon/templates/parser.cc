#include "templates/parser.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "templates/lexer.h"
#include "templates/pipe_parser.h"

namespace tocsin::templates {
namespace {

using Kind = Token::Kind;

class Parser : private PipeParser {
 public:
  Parser(std::shared_ptr<const SourceInfo> source, std::vector<Token> tokens,
         const std::function<bool(std::string_view)>& is_function)
      : PipeParser(std::move(source), std::move(tokens), is_function) {}

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

  std::size_t end_offset_ = 0;
  int loops_ = 0;
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

#include "templates/executor.h"

#include <utility>

#include "base/text.h"
#include "templates/builtins.h"
#include "templates/time_format.h"

namespace tocsin::templates {
namespace {

/// Bounds the machine's stack: recursion over blocks and pipelines of all templates together.
constexpr std::size_t kMaxNesting = 1000;

/// Counts up for as long as it lives.
class Level {
 public:
  explicit Level(std::size_t& counter) : counter_(counter) { ++counter_; }
  ~Level() { --counter_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  std::size_t& counter_;
};

}  // namespace

base::Error Executor::fail(std::size_t offset, const base::Error& error) const {
  if (error.position()) {
    return error;
  }
  base::Error copy = error;
  return std::move(copy).at(source_ == nullptr ? base::Position{} : source_->position(offset));
}

base::Error Executor::fail(std::size_t offset, std::string message) const {
  return fail(offset, base::Error(base::ErrorCode::kInvalidInput, std::move(message)));
}

base::Status Executor::count_step(std::size_t offset) {
  if (++steps_ > limits_.max_steps) {
    return fail(offset, base::Error(base::ErrorCode::kLimitExceeded,
                                    "the template takes more than " +
                                        std::to_string(limits_.max_steps) + " steps"));
  }
  return {};
}

base::Status Executor::write(std::size_t offset, std::string_view text) {
  if (output_.size() + text.size() > limits_.max_output_bytes) {
    return fail(offset, base::Error(base::ErrorCode::kLimitExceeded,
                                    "the template writes more than " +
                                        std::to_string(limits_.max_output_bytes) + " bytes"));
  }
  output_ += text;
  return {};
}

base::Result<std::string> Executor::run(std::string_view name, const Value& data) {
  if (base::Status status = call_template(name, data, 0); !status) {
    return std::move(status).error();
  }
  return std::move(output_);
}

base::Status Executor::call_template(std::string_view name, const Value& data, std::size_t offset) {
  const auto found = trees_.find(name);
  if (found == trees_.end()) {
    return fail(offset, base::Error(base::ErrorCode::kNotFound,
                                    "template " + base::quote(name) + " not defined"));
  }
  const Level level(depth_);
  if (depth_ > limits_.max_depth) {
    return fail(offset, base::Error(base::ErrorCode::kLimitExceeded,
                                    "template calls are nested deeper than " +
                                        std::to_string(limits_.max_depth) + " levels"));
  }
  const SourceInfo* caller = std::exchange(source_, found->second->source.get());
  const std::size_t outer_frame = std::exchange(frame_, variables_.size());
  variables_.push_back({"$", data});
  base::Result<Flow> flow = run_block(found->second->body, data);
  variables_.resize(frame_);
  frame_ = outer_frame;
  source_ = caller;
  return flow ? base::Status() : base::Status(std::move(flow).error());
}

Value* Executor::find_variable(std::string_view name) {
  for (std::size_t i = variables_.size(); i > frame_; --i) {
    if (variables_[i - 1].name == name) {
      return &variables_[i - 1].value;
    }
  }
  return nullptr;
}

base::Result<Executor::Flow> Executor::run_block(const Block& block, const Value& dot) {
  const Level level(nesting_);
  const std::size_t visible = variables_.size();
  Flow flow = Flow::kNext;
  for (const Statement& statement : block) {
    base::Result<Flow> next = run_statement(statement, dot);
    if (!next) {
      return next;
    }
    flow = *next;
    if (flow != Flow::kNext) {
      break;
    }
  }
  variables_.resize(visible);
  return flow;
}

base::Result<Executor::Flow> Executor::run_statement(const Statement& statement, const Value& dot) {
  if (base::Status status = count_step(statement.offset); !status) {
    return std::move(status).error();
  }
  if (nesting_ > kMaxNesting) {
    return fail(statement.offset,
                base::Error(base::ErrorCode::kLimitExceeded, "nested too deeply"));
  }
  base::Status status;
  switch (statement.kind) {
    case Statement::Kind::kText:
      status = write(statement.offset, statement.text);
      break;
    case Statement::Kind::kAction:
      status = run_action(statement, dot);
      break;
    case Statement::Kind::kIf:
    case Statement::Kind::kWith:
      return run_choice(statement, dot);
    case Statement::Kind::kRange:
      return run_range(statement, dot);
    case Statement::Kind::kTemplate: {
      base::Result<Value> data =
          statement.pipe ? eval_pipe(*statement.pipe, dot) : base::Result<Value>(Value());
      status = data ? call_template(statement.text, *data, statement.offset)
                    : base::Status(std::move(data).error());
      break;
    }
    case Statement::Kind::kBreak:
      return Flow::kBreak;
    case Statement::Kind::kContinue:
      return Flow::kContinue;
  }
  if (!status) {
    return std::move(status).error();
  }
  return Flow::kNext;
}

base::Status Executor::run_action(const Statement& statement, const Value& dot) {
  base::Result<Value> value = eval_pipe(*statement.pipe, dot);
  if (!value) {
    return std::move(value).error();
  }
  // Nothing is printed for nil, where Go writes "<no value>": nobody wants that in a notice.
  if (!statement.pipe->variables.empty() || value->content().is_nil()) {
    return {};
  }
  const std::string& last = statement.pipe->commands.back().operands.front().name;
  const bool escape = escaping_ == Escaping::kHtml && last != "safeHtml" && last != "html";
  return write(statement.offset, escape ? html_escape(value->to_string()) : value->to_string());
}

base::Result<Executor::Flow> Executor::run_choice(const Statement& statement, const Value& dot) {
  const std::size_t visible = variables_.size();
  base::Result<Value> value = eval_pipe(*statement.pipe, dot);
  if (!value) {
    return std::move(value).error();
  }
  const bool with = statement.kind == Statement::Kind::kWith;
  base::Result<Flow> flow = value->truth() ? run_block(statement.body, with ? *value : dot)
                                           : run_block(statement.otherwise, dot);
  variables_.resize(visible);
  return flow;
}

base::Result<Executor::Flow> Executor::run_turn(const Statement& statement, const Value& index,
                                                const Value& element) {
  if (base::Status status = count_step(statement.offset); !status) {
    return std::move(status).error();
  }
  const Pipe& pipe = *statement.pipe;
  const std::size_t visible = variables_.size();
  for (std::size_t i = 0; i < pipe.variables.size(); ++i) {
    const bool is_index = i == 0 && pipe.variables.size() == 2;
    const Value& value = is_index ? index : element;
    if (!pipe.assigns) {
      variables_.push_back({pipe.variables[i], value});
    } else if (Value* variable = find_variable(pipe.variables[i])) {
      *variable = value;
    }
  }
  base::Result<Flow> flow = run_block(statement.body, element);
  variables_.resize(visible);
  return flow;
}

base::Result<Executor::Flow> Executor::run_range(const Statement& statement, const Value& dot) {
  base::Result<Value> evaluated = eval_value(*statement.pipe, dot);
  if (!evaluated) {
    return std::move(evaluated).error();
  }
  const Value& value = *evaluated;
  bool any = false;
  base::Result<Flow> flow = Flow::kNext;
  // Whether the loop goes on.
  const auto turn = [&](const Value& index, const Value& element) {
    any = true;
    flow = run_turn(statement, index, element);
    return flow && *flow != Flow::kBreak;
  };
  if (const auto* list = value.as<List>()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!turn(Value(static_cast<std::int64_t>(i)), (*list)[i])) {
        break;
      }
    }
  } else if (const auto* map = value.as<Map>()) {
    for (const auto& [key, element] : *map) {
      if (!turn(Value(key), element)) {
        break;
      }
    }
  } else if (const auto* count = value.as<std::int64_t>()) {
    for (std::int64_t i = 0; i < *count && turn(Value(i), Value(i)); ++i) {
    }
  } else if (!value.content().is_nil()) {
    return fail(statement.offset, "range can't iterate over " + value.type_name());
  }
  if (!flow) {
    return flow;
  }
  if (!any) {
    return run_block(statement.otherwise, dot);
  }
  return Flow::kNext;
}

base::Result<Value> Executor::eval_pipe(const Pipe& pipe, const Value& dot) {
  base::Result<Value> value = eval_value(pipe, dot);
  for (const std::string& name : pipe.variables) {
    if (!value) {
      break;
    }
    if (!pipe.assigns) {
      variables_.push_back({name, *value});
    } else if (Value* variable = find_variable(name)) {
      *variable = *value;
    }
  }
  return value;
}

base::Result<Value> Executor::eval_value(const Pipe& pipe, const Value& dot) {
  const Level level(nesting_);
  Value value;
  bool first = true;
  for (const Command& command : pipe.commands) {
    base::Result<Value> next = eval_command(command, dot, first ? nullptr : &value);
    if (!next) {
      return next;
    }
    value = std::move(*next);
    first = false;
  }
  if (const auto* text = value.as<std::string>();
      text != nullptr && text->size() > limits_.max_output_bytes) {
    return fail(pipe.offset, base::Error(base::ErrorCode::kLimitExceeded, "a text is too long"));
  }
  return value;
}

base::Result<Value> Executor::eval_command(const Command& command, const Value& dot,
                                           const Value* piped) {
  const Operand& head = command.operands.front();
  if (head.kind == Operand::Kind::kFunction && head.fields.empty()) {
    return eval_call(command, dot, piped);
  }
  const bool has_arguments = command.operands.size() > 1 || piped != nullptr;
  if (!has_arguments) {
    return eval_operand(head, dot);
  }
  if (head.fields.empty()) {
    return fail(head.offset, "can't give arguments to something that is no function");
  }
  Value receiver = dot;
  if (head.kind == Operand::Kind::kVariable) {
    const Value* variable = find_variable(head.name);
    receiver = variable == nullptr ? Value() : *variable;
  } else if (head.kind == Operand::Kind::kPipe) {
    base::Result<Value> inner = eval_pipe(*head.pipe, dot);
    if (!inner) {
      return inner;
    }
    receiver = std::move(*inner);
  } else if (head.kind == Operand::Kind::kFunction) {
    // The arguments are those of the method: `now.Sub .StartsAt`.
    base::Result<Value> result = call_function(head, {});
    if (!result) {
      return result;
    }
    receiver = std::move(*result);
  }
  std::vector<Value> arguments;
  for (std::size_t i = 1; i < command.operands.size(); ++i) {
    base::Result<Value> argument = eval_operand(command.operands[i], dot);
    if (!argument) {
      return argument;
    }
    arguments.push_back(std::move(*argument));
  }
  if (piped != nullptr) {
    arguments.push_back(*piped);
  }
  return eval_fields(head, std::move(receiver), std::move(arguments));
}

base::Result<Value> Executor::eval_operand(const Operand& operand, const Value& dot) {
  switch (operand.kind) {
    case Operand::Kind::kDot:
      return eval_fields(operand, dot, {});
    case Operand::Kind::kNil:
      return Value();
    case Operand::Kind::kConstant:
      return operand.constant;
    case Operand::Kind::kVariable:
      if (const Value* variable = find_variable(operand.name)) {
        return eval_fields(operand, *variable, {});
      }
      return fail(operand.offset, "undefined variable " + base::quote(operand.name));
    case Operand::Kind::kPipe: {
      base::Result<Value> inner = eval_pipe(*operand.pipe, dot);
      return inner ? eval_fields(operand, std::move(*inner), {}) : inner;
    }
    case Operand::Kind::kFunction:
      break;
  }
  if (operand.name == "and" || operand.name == "or") {
    return fail(operand.offset, "wrong number of args for " + operand.name + ": want at least 1");
  }
  base::Result<Value> result = call_function(operand, {});
  return result ? eval_fields(operand, std::move(*result), {}) : result;
}

base::Result<Value> Executor::eval_fields(const Operand& operand, Value value,
                                          std::vector<Value> arguments) {
  for (std::size_t i = 0; i < operand.fields.size(); ++i) {
    const bool last = i + 1 == operand.fields.size();
    base::Result<Value> next =
        eval_field(value, operand.fields[i], last ? std::move(arguments) : std::vector<Value>(),
                   operand.offset);
    if (!next) {
      return next;
    }
    value = std::move(*next);
  }
  return value;
}

base::Result<Value> Executor::eval_field(const Value& receiver, const std::string& name,
                                         std::vector<Value> arguments, std::size_t offset) {
  if (const Object* object = receiver.object()) {
    if (const auto method = object->methods.find(name); method != object->methods.end()) {
      base::Result<Value> result = method->second(std::move(arguments));
      if (!result) {
        return fail(offset, std::move(result).error().context("error calling " + name));
      }
      return result;
    }
    return eval_field(object->content, name, std::move(arguments), offset);
  }
  if (auto result = call_time_method(receiver, name, arguments)) {
    if (!*result) {
      return fail(offset, result->error());
    }
    return std::move(*result);
  }
  if (!arguments.empty()) {
    return fail(offset, name + " is not a method but has arguments");
  }
  if (const auto* map = receiver.as<Map>()) {
    const auto found = map->find(name);
    return found == map->end() ? missing_value(*map) : found->second;
  }
  if (const auto* body = receiver.as<Struct>()) {
    if (const auto found = body->fields.find(name); found != body->fields.end()) {
      return found->second;
    }
  } else if (receiver.is_nil()) {
    return Value();
  }
  return fail(offset, "can't evaluate field " + name + " in type " + receiver.type_name());
}

base::Result<Value> Executor::eval_logic(const Command& command, const Value& dot,
                                         const Value* piped) {
  const bool wants = command.operands.front().name == "or";
  const std::size_t count = command.operands.size();
  if (count == 1 && piped == nullptr) {
    return eval_operand(command.operands.front(), dot);
  }
  Value value;
  for (std::size_t i = 1; i < count; ++i) {
    base::Result<Value> next = eval_operand(command.operands[i], dot);
    if (!next || next->truth() == wants) {
      return next;
    }
    value = std::move(*next);
  }
  return piped != nullptr ? *piped : value;
}

base::Result<Value> Executor::eval_call(const Command& command, const Value& dot,
                                        const Value* piped) {
  const Operand& function = command.operands.front();
  if (function.name == "and" || function.name == "or") {
    return eval_logic(command, dot, piped);
  }
  std::vector<Value> arguments;
  for (std::size_t i = 1; i < command.operands.size(); ++i) {
    base::Result<Value> argument = eval_operand(command.operands[i], dot);
    if (!argument) {
      return argument;
    }
    arguments.push_back(std::move(*argument));
  }
  if (piped != nullptr) {
    arguments.push_back(*piped);
  }
  return call_function(function, std::move(arguments));
}

base::Result<Value> Executor::call_function(const Operand& function, std::vector<Value> arguments) {
  if (base::Status status = count_step(function.offset); !status) {
    return std::move(status).error();
  }
  if (function.name == "tmpl") {
    return call_tmpl(arguments, function.offset);
  }
  auto found = functions_.find(function.name);
  if (found == functions_.end()) {
    found = builtin_functions().find(function.name);
    if (found == builtin_functions().end()) {
      return fail(function.offset, "function " + base::quote(function.name) + " not defined");
    }
  }
  base::Result<Value> result = found->second(std::move(arguments));
  if (!result) {
    return fail(function.offset,
                std::move(result).error().context("error calling " + function.name));
  }
  return result;
}

base::Result<Value> Executor::call_tmpl(const std::vector<Value>& arguments, std::size_t offset) {
  const auto* name = arguments.size() == 2 ? arguments[0].as<std::string>() : nullptr;
  if (name == nullptr) {
    return fail(offset, "tmpl takes the name of a template and its data");
  }
  std::string outer = std::exchange(output_, {});
  base::Status status = call_template(*name, arguments[1], offset);
  std::string text = std::exchange(output_, std::move(outer));
  if (!status) {
    return std::move(status).error();
  }
  return Value(std::move(text));
}

}  // namespace tocsin::templates

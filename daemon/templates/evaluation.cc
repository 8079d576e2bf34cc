#include <utility>

#include "base/text.h"
#include "templates/builtins.h"
#include "templates/executor.h"
#include "templates/time_format.h"

/// The part of the executor that computes values.
namespace tocsin::templates {

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
  base::Result<std::vector<Value>> arguments = eval_arguments(command, dot, piped);
  if (!arguments) {
    return arguments.error();
  }
  return eval_fields(head, std::move(receiver), *std::move(arguments));
}

base::Result<std::vector<Value>> Executor::eval_arguments(const Command& command, const Value& dot,
                                                          const Value* piped) {
  std::vector<Value> arguments;
  for (std::size_t i = 1; i < command.operands.size(); ++i) {
    base::Result<Value> argument = eval_operand(command.operands[i], dot);
    if (!argument) {
      return argument.error();
    }
    arguments.push_back(std::move(*argument));
  }
  if (piped != nullptr) {
    arguments.push_back(*piped);
  }
  return arguments;
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
    // Only the last field is called with the arguments.
    std::vector<Value> own;
    if (i + 1 == operand.fields.size()) {
      own.swap(arguments);
    }
    base::Result<Value> next = eval_field(value, operand.fields[i], std::move(own), operand.offset);
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
  base::Result<std::vector<Value>> arguments = eval_arguments(command, dot, piped);
  if (!arguments) {
    return arguments.error();
  }
  return call_function(function, *std::move(arguments));
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

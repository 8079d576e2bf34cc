#include "templates/executor.h"

#include <utility>

#include "base/text.h"
#include "templates/builtins.h"
#include "templates/time_format.h"

namespace tocsin::templates {
namespace {

/// Bounds the machine's stack: recursion over blocks and pipelines of all templates together.
constexpr std::size_t kMaxNesting = 1000;

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

}  // namespace tocsin::templates

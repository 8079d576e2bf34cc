#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "templates/syntax.h"
#include "templates/template.h"

namespace tocsin::templates {

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

/// What happens to the text that actions print.
enum class Escaping : unsigned char { kNone, kHtml };

/// Runs one template of a set. Lives for one execution.
class Executor {
 public:
  Executor(const TreeMap& trees, const FunctionMap& functions, const Limits& limits,
           Escaping escaping = Escaping::kNone)
      : trees_(trees), functions_(functions), limits_(limits), escaping_(escaping) {}

  base::Result<std::string> run(std::string_view name, const Value& data);

 private:
  enum class Flow : unsigned char { kNext, kBreak, kContinue };
  struct Variable {
    std::string name;
    Value value;
  };

  base::Error fail(std::size_t offset, const base::Error& error) const;
  base::Error fail(std::size_t offset, std::string message) const;
  base::Status count_step(std::size_t offset);
  base::Status write(std::size_t offset, std::string_view text);

  base::Status call_template(std::string_view name, const Value& data, std::size_t offset);
  base::Result<Flow> run_block(const Block& block, const Value& dot);
  base::Result<Flow> run_statement(const Statement& statement, const Value& dot);
  base::Result<Flow> run_choice(const Statement& statement, const Value& dot);
  base::Result<Flow> run_range(const Statement& statement, const Value& dot);
  base::Result<Flow> run_turn(const Statement& statement, const Value& index, const Value& element);
  base::Status run_action(const Statement& statement, const Value& dot);

  /// Evaluates and sets the pipeline's variables.
  base::Result<Value> eval_pipe(const Pipe& pipe, const Value& dot);
  base::Result<Value> eval_value(const Pipe& pipe, const Value& dot);
  base::Result<Value> eval_command(const Command& command, const Value& dot, const Value* piped);
  /// What stands behind the first operand, and the piped value last.
  base::Result<std::vector<Value>> eval_arguments(const Command& command, const Value& dot,
                                                  const Value* piped);
  base::Result<Value> eval_operand(const Operand& operand, const Value& dot);
  base::Result<Value> eval_fields(const Operand& operand, Value value,
                                  std::vector<Value> arguments);
  base::Result<Value> eval_field(const Value& receiver, const std::string& name,
                                 std::vector<Value> arguments, std::size_t offset);
  base::Result<Value> eval_call(const Command& command, const Value& dot, const Value* piped);
  base::Result<Value> eval_logic(const Command& command, const Value& dot, const Value* piped);
  base::Result<Value> call_function(const Operand& function, std::vector<Value> arguments);
  base::Result<Value> call_tmpl(const std::vector<Value>& arguments, std::size_t offset);

  Value* find_variable(std::string_view name);

  const TreeMap& trees_;
  const FunctionMap& functions_;
  const Limits& limits_;
  Escaping escaping_;
  const SourceInfo* source_ = nullptr;
  std::string output_;
  std::vector<Variable> variables_;
  std::size_t frame_ = 0;  ///< where the variables of the running template begin
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;    ///< of template calls
  std::size_t nesting_ = 0;  ///< of blocks and pipelines over all templates
};

}  // namespace tocsin::templates

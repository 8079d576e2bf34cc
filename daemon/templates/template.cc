#include "templates/template.h"

#include <utility>

#include "base/text.h"
#include "templates/builtins.h"
#include "templates/executor.h"
#include "templates/parser.h"

namespace tocsin::templates {

struct Template::Set {
  TreeMap trees;  ///< the main text is under "", and under its name unless it defines that
};

namespace {

base::Result<TreeMap> parse_source(std::string_view name, std::string_view prelude,
                                   std::string_view text, const FunctionMap& functions) {
  auto source = std::make_shared<SourceInfo>();
  source->name = std::string(name);
  source->text = std::string(prelude) + std::string(text);
  source->prelude = prelude.size();
  const std::function<bool(std::string_view)> is_function = [&](std::string_view word) {
    return functions.contains(word) || builtin_functions().contains(word) ||
           is_special_function(word);
  };
  return parse_trees(std::move(source), is_function);
}

}  // namespace

base::Result<Template> Template::parse(std::string_view name, std::string_view text,
                                       const FunctionMap& functions) {
  return parse(name, "", text, functions);
}

base::Result<Template> Template::parse(std::string_view name, std::string_view prelude,
                                       std::string_view text, const FunctionMap& functions) {
  base::Result<TreeMap> trees = parse_source(name, prelude, text, functions);
  if (!trees) {
    return std::move(trees).error();
  }
  auto set = std::make_shared<Set>();
  set->trees = std::move(*trees);
  set->trees.emplace(std::string(name), set->trees.at(""));
  Template result;
  result.set_ = std::move(set);
  return result;
}

base::Status Template::add(std::string_view name, std::string_view text,
                           const FunctionMap& functions) {
  base::Result<TreeMap> trees = parse_source(name, "", text, functions);
  if (!trees) {
    return std::move(trees).error();
  }
  trees->erase("");
  auto set = std::make_shared<Set>(*set_);
  for (auto& [key, tree] : *trees) {
    set->trees[key] = std::move(tree);
  }
  set_ = std::move(set);
  return {};
}

base::Result<Template> Template::with_main(std::string_view name, std::string_view text,
                                           const FunctionMap& functions) const {
  base::Result<TreeMap> trees = parse_source(name, "", text, functions);
  if (!trees) {
    return std::move(trees).error();
  }
  auto set = std::make_shared<Set>(*set_);
  for (auto& [key, tree] : *trees) {
    set->trees[key] = std::move(tree);
  }
  Template result;
  result.set_ = std::move(set);
  return result;
}

bool Template::has(std::string_view name) const { return set_->trees.contains(name); }

base::Result<std::string> Template::execute(const Value& data, const FunctionMap& functions,
                                            const Limits& limits) const {
  return Executor(set_->trees, functions, limits).run("", data);
}

base::Result<std::string> Template::execute_html(const Value& data, const FunctionMap& functions,
                                                 const Limits& limits) const {
  return Executor(set_->trees, functions, limits, Escaping::kHtml).run("", data);
}

base::Result<std::string> Template::execute_named(std::string_view name, const Value& data,
                                                  const FunctionMap& functions,
                                                  const Limits& limits) const {
  return Executor(set_->trees, functions, limits).run(name, data);
}

}  // namespace tocsin::templates

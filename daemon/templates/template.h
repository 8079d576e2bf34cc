#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "templates/value.h"

namespace tocsin::templates {

/// A function callable from a template: positional arguments in, value or error out.
using Function = std::function<base::Result<Value>(std::vector<Value>)>;
using FunctionMap = std::map<std::string, Function, std::less<>>;

struct Limits {
  std::size_t max_output_bytes = 1 << 20;
  std::size_t max_steps = 1'000'000;  ///< actions and loop turns
  std::size_t max_depth = 100;        ///< nested template calls
};

/// A parsed set of named templates of the Go text/template language: one main text and whatever
/// it or add() defines. Immutable after parsing; execution is safe on any thread as long as the
/// functions are.
class Template {
 public:
  /// `functions` must name every function that the text calls: unknown names are errors here, as
  /// in Go. Errors carry line and column within the text.
  static base::Result<Template> parse(std::string_view name, std::string_view text,
                                      const FunctionMap& functions);

  /// Adds the definitions of another text (`{{ define "x" }}`), replacing equal names.
  base::Status add(std::string_view name, std::string_view text, const FunctionMap& functions);

  /// Renders the main text with dot = data and `$` = data.
  base::Result<std::string> execute(const Value& data, const FunctionMap& functions,
                                    const Limits& limits = {}) const;
  /// Renders a named definition.
  base::Result<std::string> execute_named(std::string_view name, const Value& data,
                                          const FunctionMap& functions,
                                          const Limits& limits = {}) const;

 private:
  struct Set;
  std::shared_ptr<const Set> set_;
};

/// Go's own functions (and, or, not, eq, ne, lt, le, gt, ge, len, index, slice, print, printf,
/// println, html, js, urlquery, call) are always there; these come on top.
///
/// Functions of Prometheus' rule templates that need nothing but their arguments: title, toUpper,
/// humanize, reReplaceAll, stripPort, first, value, label, sortByLabel … (compat.md has the list).
/// `query`, `externalURL`, `pathPrefix`, `graphLink`'s base and `now` are the caller's to add.
FunctionMap prometheus_functions();

/// Functions of Alertmanager's templates: join, match, safeHtml, stringSlice, date, tz, since …
FunctionMap alertmanager_functions();

}  // namespace tocsin::templates

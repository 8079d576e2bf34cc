#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "templates/value.h"

namespace tocsin::templates {

/// Functions by the name that templates call them by.
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
  /// The same with a text in front that declares variables; positions do not count it.
  static base::Result<Template> parse(std::string_view name, std::string_view prelude,
                                      std::string_view text, const FunctionMap& functions);

  /// Adds the definitions of another text (`{{ define "x" }}`), replacing equal names.
  base::Status add(std::string_view name, std::string_view text, const FunctionMap& functions);

  /// The same definitions with another main text, which may add its own.
  base::Result<Template> with_main(std::string_view name, std::string_view text,
                                   const FunctionMap& functions) const;

  /// Renders the main text with dot = data and `$` = data.
  base::Result<std::string> execute(const Value& data, const FunctionMap& functions,
                                    const Limits& limits = {}) const;
  /// The same for an HTML page: what actions print is escaped, but for those that end in safeHtml
  /// or html.
  base::Result<std::string> execute_html(const Value& data, const FunctionMap& functions,
                                         const Limits& limits = {}) const;
  /// Whether a definition of that name is there.
  bool has(std::string_view name) const;
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
/// `query`, `externalURL`, `pathPrefix` and `now` are the caller's to add; graphLink and tableLink
/// give path and query. `tmpl` is known to the executor.
FunctionMap prometheus_functions();

/// Functions of Alertmanager's templates: join, match, safeHtml, stringSlice, date, tz, toJson …
/// `now` and `since` are the caller's to add, by add_clock_functions().
FunctionMap alertmanager_functions();

/// Adds Alertmanager's `now` and `since`, which answer for one moment.
void add_clock_functions(FunctionMap& functions, base::WallTime now);

}  // namespace tocsin::templates

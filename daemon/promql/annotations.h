#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "promql/ast.h"
#include "promql/notes.h"

namespace tocsin::promql {

/// What an evaluation wants its reader to know though it has a result. Each text once, in the
/// order of appearance, worded as Prometheus does with the position of the expression behind it.
class Annotations {
 public:
  /// Where else parts of the query stand, by position: notes about one are notes about all.
  using Repeated = std::unordered_multimap<std::uint32_t, std::uint32_t>;

  explicit Annotations(std::string_view query, const Repeated* repeated = nullptr)
      : query_(query), repeated_(repeated) {}

  void warn(Span where, std::string_view message) { add(warnings_, "warning", where, message); }
  void info(Span where, std::string_view message) { add(infos_, "info", where, message); }

  std::vector<std::string> take_warnings() { return std::move(warnings_); }
  std::vector<std::string> take_infos() { return std::move(infos_); }

  /// At most so many of each level are kept.
  static constexpr std::size_t kMax = 100;

 private:
  void add(std::vector<std::string>& list, std::string_view level, Span where,
           std::string_view message);
  void add_at(std::vector<std::string>& list, std::string_view level, std::uint32_t where,
              std::string_view message);

  std::string_view query_;
  const Repeated* repeated_;
  std::vector<std::string> warnings_;
  std::vector<std::string> infos_;
  std::unordered_set<std::string> seen_;
};

/// What stands behind notes: words of their texts.
struct NoteContext {
  std::string_view metric;     ///< may be empty
  std::string_view operation;  ///< the operator as written, for those who speak of one
};

/// Adds the text of each note, worded as Prometheus does.
void annotate(Annotations& annotations, Notes notes, Span where, const NoteContext& context);

}  // namespace tocsin::promql

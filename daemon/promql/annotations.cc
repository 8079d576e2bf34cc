#include "promql/annotations.h"

#include "promql/lexer.h"

namespace tocsin::promql {

void Annotations::add(std::vector<std::string>& list, std::string_view level, Span where,
                      std::string_view message) {
  if (list.size() >= kMax) {
    return;
  }
  const base::Position position = position_of(query_, where.begin);
  std::string text = "PromQL ";
  text += level;
  text += ": ";
  text += message;
  text += " (" + std::to_string(position.line) + ":" + std::to_string(position.column) + ")";
  if (seen_.insert(text).second) {
    list.push_back(std::move(text));
  }
}

}  // namespace tocsin::promql

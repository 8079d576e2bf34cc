#include "api/expression_api.h"

#include <type_traits>
#include <variant>

#include "api/encode.h"
#include "api/json.h"
#include "api/parameters.h"
#include "promql/describe.h"

namespace tocsin::api {
namespace {

/// The tree is as deep as the parser lets expressions be.
void write(JsonWriter& json, const promql::AstValue& tree) {
  std::visit(
      [&json](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
          json.raw("null");
        } else if constexpr (std::is_same_v<T, bool>) {
          json.boolean(value);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          json.integer(value);
        } else if constexpr (std::is_same_v<T, double>) {
          json.number(value);
        } else if constexpr (std::is_same_v<T, std::string>) {
          json.string(value);
        } else if constexpr (std::is_same_v<T, promql::AstValue::List>) {
          json.begin_array();
          for (const promql::AstValue& item : value) {
            write(json, item);
          }
          json.end_array();
        } else {
          json.begin_object();
          for (const auto& [name, member] : value) {
            json.key(name);
            write(json, member);
          }
          json.end_object();
        }
      },
      tree.value);
}

}  // namespace

net::ServerResponse ExpressionApi::format(const net::ServerRequest& request) const {
  const auto query = queries_.parse(text_of(request, "query"));
  if (!query) {
    return bad_parameter("query", query.error());
  }
  JsonWriter json;
  json.string(promql::pretty(query->root()));
  return success(json.take());
}

net::ServerResponse ExpressionApi::tree(const net::ServerRequest& request) const {
  const auto query = queries_.parse(text_of(request, "query"));
  if (!query) {
    return bad_parameter("query", query.error());
  }
  JsonWriter json;
  write(json, promql::describe_ast(query->root()));
  return success(json.take());
}

}  // namespace tocsin::api

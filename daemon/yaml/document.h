#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "base/secret.h"

namespace tocsin::yaml {

enum class NodeKind : std::uint8_t { kNull, kScalar, kSequence, kMapping };

/// A node of a loaded document: aliases resolved, merge keys applied, positions kept. A view into
/// the Document, which must outlive it.
class Node {
 public:
  NodeKind kind() const;
  base::Position position() const;
  bool is_null() const;

  /// Scalars: the text, and whether it was quoted (a quoted "5" is no number).
  const std::string& text() const;
  bool quoted() const;
  /// The text before anything was put into it (see Substitution): what messages may quote.
  const std::string& written() const;
  /// A block scalar (| or >) begins on the line after its position; 0 for others. For mapping
  /// positions inside the text back to the file.
  int content_line_offset() const;
  /// The place in the file of a line and column (from 1, in code points) within text(), through
  /// quotes, escapes, folding and indentation: where an error inside an expression lies. Those of
  /// other nodes, and of texts that something was put into, are at position(). The file is the
  /// document's.
  base::Position position_in(int line, int column) const;

  const std::vector<Node>& items() const;                     ///< of a sequence
  const std::vector<std::pair<Node, Node>>& entries() const;  ///< of a mapping, in file order
  const Node* find(std::string_view key) const;               ///< of a mapping

 private:
  friend class Document;
  friend struct Loader;
  struct Body;
  const Body* body_ = nullptr;
};

struct Limits {
  std::size_t max_bytes = 16U << 20;
  std::size_t max_depth = 64;
  std::size_t max_nodes = 2'000'000;  ///< after expansion of aliases
};

/// Gives the text that a scalar stands for; keys are not asked for. A `${NAME}` is a part of a text
/// then, even unquoted in a flow mapping.
using Substitution = std::function<std::string(const Node& scalar)>;

/// A parsed YAML text: first document only, as Prometheus reads it. Duplicate keys, undefined
/// aliases, unknown tags and broken limits are errors with file:line:column.
class Document {
 public:
  static base::Result<Document> parse(std::string text, std::string file, const Limits& limits = {},
                                      const Substitution& substitution = {});
  const Node& root() const;
  const std::string& file() const;

 private:
  friend struct Loader;
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// Collects every error of one load, so that a user sees all of them in one go.
class Problems {
 public:
  void add(const Node& node, std::string message);
  void add(base::Error error);
  void warn(const Node& node, std::string message);
  void warn(base::Error warning) { warnings_.push_back(std::move(warning)); }
  void append(const Problems& others);
  const std::vector<base::Error>& errors() const { return errors_; }
  const std::vector<base::Error>& warnings() const { return warnings_; }
  bool ok() const { return errors_.empty(); }

 private:
  std::vector<base::Error> errors_;
  std::vector<base::Error> warnings_;
};

/// How messages name what a node is: "a list", "a mapping", "nothing", "the text \"x\"".
std::string describe(const Node& node);

/// Decodes one mapping strictly: each key that is asked for is taken, and finish() reports those
/// that nobody asked for. Messages say what was expected. A null node is an empty mapping.
///
///     MappingReader reader(node, "rule group", problems);
///     const auto name = reader.required_text("name");
///     const auto interval = reader.duration("interval");
///     reader.finish();
///
/// Absent keys and keys without a value give nothing; so do wrong values, after a report.
class MappingReader {
 public:
  MappingReader(const Node& node, std::string_view what, Problems& problems);

  /// The child, marked as known; null when absent.
  const Node* take(std::string_view key);
  /// Like take(), and reports when it is missing.
  const Node* require(std::string_view key);

  /// Any scalar's text: unquoted numbers and booleans too, as Prometheus takes them.
  std::optional<std::string> text(std::string_view key);
  /// Like text(), and reports when it is missing or empty.
  std::optional<std::string> required_text(std::string_view key);
  std::optional<base::Secret> secret(std::string_view key);
  /// A text out of a few; the report lists them.
  std::optional<std::string> choice(std::string_view key,
                                    std::initializer_list<std::string_view> choices);
  /// true, false, yes, no, on, off, unquoted, as YAML 1.1 has them.
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
  std::optional<double> number(std::string_view key);
  std::optional<base::Duration> duration(std::string_view key);
  /// Bytes with Prometheus' units: 512B, 16KB, 10MB (powers of 1024), 0 for no limit.
  std::optional<std::uint64_t> size(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  /// The items of a list, of any kind; the nodes live as long as the document.
  std::vector<const Node*> items(std::string_view key);
  /// The items of a list of mappings; others are reported and left out.
  std::vector<const Node*> mappings(std::string_view key);
  /// A mapping of texts, in file order.
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view key);

  /// Known keys whose feature is not there yet: reported as errors "not supported yet".
  void unsupported(std::initializer_list<std::string_view> keys);
  /// Known keys of no concern here: one warning each.
  void ignored(std::initializer_list<std::string_view> keys);

  /// Reports a fault of a value as "key: message", at the value or else at the mapping.
  void problem(std::string_view key, std::string_view message);
  void warning(std::string_view key, std::string_view message);

  const Node& node() const { return node_; }

  /// Reports unknown keys, with the nearest known one as a hint.
  void finish();

 private:
  /// The child when it is a scalar; reports other kinds.
  const Node* scalar(std::string_view key, std::string_view expected);
  /// The child when it is a scalar that was not quoted.
  const Node* plain(std::string_view key, std::string_view expected);
  void report(const Node& node, std::string_view key, std::string_view message);

  const Node& node_;
  std::string what_;
  Problems& problems_;
  std::vector<std::string> known_;
};

}  // namespace tocsin::yaml

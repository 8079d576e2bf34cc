#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"

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
  /// A block scalar (| or >) begins on the line after its position; 0 for others. For mapping
  /// positions inside the text back to the file.
  int content_line_offset() const;

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

/// A parsed YAML text: first document only, as Prometheus reads it. Duplicate keys, undefined
/// aliases, unknown tags and broken limits are errors with file:line:column.
class Document {
 public:
  static base::Result<Document> parse(std::string text, std::string file,
                                      const Limits& limits = {});
  const Node& root() const;
  const std::string& file() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// Collects every error of one load, so that a user sees all of them in one go.
class Problems {
 public:
  void add(const Node& node, std::string message);
  void add(base::Error error);
  void warn(const Node& node, std::string message);
  const std::vector<base::Error>& errors() const { return errors_; }
  const std::vector<base::Error>& warnings() const { return warnings_; }
  bool ok() const { return errors_.empty(); }

 private:
  std::vector<base::Error> errors_;
  std::vector<base::Error> warnings_;
};

/// Decodes one mapping strictly: each key that is asked for is taken, and finish() reports those
/// that nobody asked for. Messages say what was expected. A null node is an empty mapping.
class MappingReader {
 public:
  MappingReader(const Node& node, std::string_view what, Problems& problems);

  /// The child, marked as known; null when absent.
  const Node* take(std::string_view key);
  /// Like take(), and reports when it is missing.
  const Node* require(std::string_view key);

  std::optional<std::string> text(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);
  std::optional<double> number(std::string_view key);
  std::optional<base::Duration> duration(std::string_view key);
  /// Bytes with Prometheus' units: 512B, 16KB, 10MB (powers of 1024), 0 for no limit.
  std::optional<std::uint64_t> size(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  /// A mapping of texts, in file order.
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view key);

  /// Known keys whose feature is not there yet: reported as errors "not supported yet".
  void unsupported(std::initializer_list<std::string_view> keys);
  /// Known keys of no concern here: one warning each.
  void ignored(std::initializer_list<std::string_view> keys);

  /// Reports unknown keys, with the nearest known one as a hint.
  void finish();

 private:
  const Node& node_;
  std::string what_;
  Problems& problems_;
  std::vector<std::string> known_;
};

}  // namespace tocsin::yaml

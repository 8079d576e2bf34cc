#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "yaml/document.h"
#include "yaml/source_text.h"

namespace tocsin::yaml {

/// What a Node views. Bodies live in a deque of the document, so that their places are stable;
/// an alias shares the body of its anchor.
struct Node::Body {
  NodeKind kind = NodeKind::kNull;
  bool quoted = false;
  bool closed = true;      ///< false while a collection is being read: an alias to it is a loop
  std::size_t offset = 0;  ///< of the first character of the node
  std::size_t weight = 1;  ///< nodes below and including this one, aliases expanded
  std::size_t height = 0;  ///< collections nested below and including this one
  ScalarStart start;
  const SourceText* source = nullptr;
  std::string text;
  std::string written;  ///< the text before a substitution, where there was one
  bool substituted = false;
  std::vector<Node> items;
  std::vector<std::pair<Node, Node>> entries;
};

struct Document::Impl {
  explicit Impl(SourceText text) : source(std::move(text)) {}
  SourceText source;
  std::deque<Node::Body> bodies;
  Node root;
};

}  // namespace tocsin::yaml

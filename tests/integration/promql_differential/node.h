#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tocsin::differential {

enum class NodeType : std::uint8_t { kScalar, kVector, kMatrix };

struct Node;
using NodePtr = std::shared_ptr<const Node>;

/// A part of an expression's text: a text, or an expression within. What is optional can be left
/// out, and the expression is still one of the same type.
struct Piece {
  std::string text;
  NodePtr child;
  bool optional = false;
};

/// An expression as the generator made it: known well enough to print it and to make it smaller.
struct Node {
  NodeType type = NodeType::kVector;
  std::vector<Piece> pieces;
};

Piece text(std::string words);
Piece option(std::string words);
Piece within(NodePtr child);
NodePtr make_node(NodeType type, std::vector<Piece> pieces);

std::string to_string(const Node& node);

/// Expressions with one change each that makes them smaller: an inner expression in place of one
/// around it with the same type, an optional part left out, or the plainest expression of the type.
/// The largest cuts come first.
std::vector<NodePtr> smaller(const NodePtr& node);

/// Every expression within, whatever its type, the largest first.
std::vector<NodePtr> inner_expressions(const NodePtr& node);

/// The instant vectors within range vectors: what subqueries evaluate at other times.
std::vector<NodePtr> within_subqueries(const NodePtr& node);

}  // namespace tocsin::differential

#include "integration/promql_differential/node.h"

#include <algorithm>
#include <utility>

namespace tocsin::differential {
namespace {

void collect(const NodePtr& node, NodeType type, std::vector<NodePtr>& out) {
  for (const Piece& piece : node->pieces) {
    if (piece.child) {
      if (piece.child->type == type) {
        out.push_back(piece.child);
      }
      collect(piece.child, type, out);
    }
  }
}

NodePtr plainest(NodeType type) {
  static const NodePtr kOne = make_node(NodeType::kScalar, {text("1")});
  static const NodePtr kVector = make_node(NodeType::kVector, {text("vector(1)")});
  return type == NodeType::kScalar ? kOne : kVector;
}

}  // namespace

Piece text(std::string words) { return {std::move(words), nullptr, false}; }
Piece option(std::string words) { return {std::move(words), nullptr, true}; }
Piece within(NodePtr child) { return {"", std::move(child), false}; }

NodePtr make_node(NodeType type, std::vector<Piece> pieces) {
  return std::make_shared<const Node>(Node{type, std::move(pieces)});
}

std::string to_string(const Node& node) {
  std::string out;
  for (const Piece& piece : node.pieces) {
    out += piece.child ? to_string(*piece.child) : piece.text;
  }
  return out;
}

std::vector<NodePtr> smaller(const NodePtr& node) {
  std::vector<NodePtr> all;
  collect(node, node->type, all);
  for (std::size_t i = 0; i < node->pieces.size(); ++i) {
    if (node->pieces[i].optional) {
      Node without = *node;
      without.pieces.erase(without.pieces.begin() + static_cast<std::ptrdiff_t>(i));
      all.push_back(std::make_shared<const Node>(std::move(without)));
    }
  }
  const bool leaf =
      std::ranges::none_of(node->pieces, [](const Piece& p) { return p.child != nullptr; });
  if (node->type != NodeType::kMatrix && !leaf) {
    all.push_back(plainest(node->type));
  }
  for (std::size_t i = 0; i < node->pieces.size(); ++i) {
    if (!node->pieces[i].child) {
      continue;
    }
    for (NodePtr& child : smaller(node->pieces[i].child)) {
      Node changed = *node;
      changed.pieces[i].child = std::move(child);
      all.push_back(std::make_shared<const Node>(std::move(changed)));
    }
  }
  return all;
}

std::vector<NodePtr> inner_expressions(const NodePtr& node) {
  std::vector<NodePtr> all;
  for (const NodeType type : {NodeType::kVector, NodeType::kScalar, NodeType::kMatrix}) {
    collect(node, type, all);
  }
  return all;
}

std::vector<NodePtr> within_subqueries(const NodePtr& node) {
  std::vector<NodePtr> all;
  for (const Piece& piece : node->pieces) {
    if (!piece.child) {
      continue;
    }
    if (node->type == NodeType::kMatrix) {
      all.push_back(piece.child);
    }
    const std::vector<NodePtr> deeper = within_subqueries(piece.child);
    all.insert(all.end(), deeper.begin(), deeper.end());
  }
  return all;
}

}  // namespace tocsin::differential

#include "yaml/document.h"

#include "yaml/body.h"

namespace tocsin::yaml {
namespace {

const std::string kNoText;
const std::vector<Node> kNoItems;
const std::vector<std::pair<Node, Node>> kNoEntries;

}  // namespace

NodeKind Node::kind() const { return body_ == nullptr ? NodeKind::kNull : body_->kind; }

base::Position Node::position() const {
  return body_ == nullptr ? base::Position{} : body_->source->position(body_->offset);
}

bool Node::is_null() const { return kind() == NodeKind::kNull; }

const std::string& Node::text() const { return body_ == nullptr ? kNoText : body_->text; }

const std::string& Node::written() const {
  return body_ != nullptr && body_->substituted ? body_->written : text();
}

bool Node::quoted() const { return body_ != nullptr && body_->quoted; }

int Node::content_line_offset() const {
  const bool block = kind() == NodeKind::kScalar && (body_->start.style == ScalarStyle::kLiteral ||
                                                     body_->start.style == ScalarStyle::kFolded);
  return block ? 1 : 0;
}

base::Position Node::position_in(int line, int column) const {
  if (kind() != NodeKind::kScalar || body_->substituted) {
    return position();
  }
  return body_->source->position(
      locate_in_scalar(*body_->source, body_->start, body_->text, line, column));
}

const std::vector<Node>& Node::items() const {
  return kind() == NodeKind::kSequence ? body_->items : kNoItems;
}

const std::vector<std::pair<Node, Node>>& Node::entries() const {
  return kind() == NodeKind::kMapping ? body_->entries : kNoEntries;
}

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value] : entries()) {
    if (name.text() == key) {
      return &value;
    }
  }
  return nullptr;
}

const Node& Document::root() const { return impl_->root; }

const std::string& Document::file() const { return impl_->source.file(); }

}  // namespace tocsin::yaml

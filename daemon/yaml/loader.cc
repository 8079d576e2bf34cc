#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>

#include "base/text.h"
#include "yaml/body.h"
#include "yaml/document.h"
#include "yaml/variables.h"

namespace tocsin::yaml {
namespace {

constexpr std::string_view kCoreTags = "tag:yaml.org,2002:";

/// Leaves yaml-cpp's parser from within an event; caught in Document::parse().
struct Stop {
  base::Error error;
};

bool is_null_text(std::string_view text) {
  return text == "~" || text == "null" || text == "Null" || text == "NULL";
}

}  // namespace

/// Builds the bodies from yaml-cpp's events. The tree of yaml-cpp itself is not used: it forgets
/// duplicate keys and merge keys and expands aliases without limit.
struct Loader final : YAML::EventHandler {
  Loader(Document::Impl& document, const Limits& bounds, const Substitution& substitution)
      : impl(document), limits(bounds), substitute(substitution) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node::Body& body = add_body(mark, NodeKind::kNull);
    const std::string_view rest = std::string_view(impl.source.text()).substr(body.offset);
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t\r\n,]}"));
    // The mark of a value that is not there is that of whatever comes next.
    if (!is_null_text(word) && !stack.empty() && stack.back().key != nullptr) {
      body.offset = stack.back().key->offset;
    }
    remember(anchor, body);
    attach(body);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node::Body& body = *anchors.at(anchor);
    const std::size_t offset = offset_of(mark);
    if (!body.closed) {
      fail(offset, "the alias refers to a node that it is part of");
    }
    count(body.weight, offset);
    check_depth(body.height, offset);
    attach(body, offset);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node::Body& body = add_body(mark, NodeKind::kScalar);
    body.start = find_scalar_start(impl.source.text(), body.offset);
    if (!is_closed(impl.source.text(), body.start)) {
      fail(body.start.offset, "the quote is not closed");
    }
    body.text = substitute ? restore_variables(value) : value;
    body.quoted = tag == "!" || (tag.starts_with(kCoreTags) && tag.ends_with(":str"));
    check_tag(tag, {"str", "int", "float", "bool", "null", "merge", "timestamp"}, body.offset);
    if (substitute && !is_key_next()) {
      put_in(body);
    }
    remember(anchor, body);
    attach(body);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, NodeKind::kSequence, anchor);
    check_tag(tag, {"seq"}, stack.back().body->offset);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, NodeKind::kMapping, anchor);
    check_tag(tag, {"map"}, stack.back().body->offset);
  }
  void OnMapEnd() override { close(); }

  /// A mapping or sequence that is being read.
  struct Frame {
    Node::Body* body;
    const Node::Body* key = nullptr;  ///< of a mapping: read, and its value is awaited
    std::size_t key_offset = 0;
    std::unordered_map<std::string_view, std::size_t> places;  ///< of keys so far
    std::vector<const Node::Body*> merges;
  };

  bool is_key_next() const {
    return !stack.empty() && stack.back().body->kind == NodeKind::kMapping &&
           stack.back().key == nullptr;
  }

  void put_in(Node::Body& body) const {
    std::string text = substitute(view(body));
    if (text != body.text) {
      body.written = std::exchange(body.text, std::move(text));
      body.substituted = true;
    }
  }

  static Node view(const Node::Body& body) {
    Node node;
    node.body_ = &body;
    return node;
  }
  static const Node::Body& body_of(const Node& node) { return *node.body_; }

  std::size_t offset_of(const YAML::Mark& mark) const {
    return mark.is_null() ? 0 : impl.source.offset(mark.line, mark.column);
  }

  [[noreturn]] void fail(std::size_t offset, std::string message,
                         base::ErrorCode code = base::ErrorCode::kInvalidInput) const {
    throw Stop{base::Error(code, std::move(message)).at(impl.source.position(offset))};
  }

  void count(std::size_t nodes, std::size_t offset) {
    total += nodes;
    if (total > limits.max_nodes) {
      fail(offset,
           "the document has more than " + std::to_string(limits.max_nodes) +
               " nodes with its aliases expanded",
           base::ErrorCode::kLimitExceeded);
    }
  }

  void check_depth(std::size_t more, std::size_t offset) const {
    if (stack.size() + more > limits.max_depth) {
      fail(offset, "nested deeper than " + std::to_string(limits.max_depth) + " levels",
           base::ErrorCode::kLimitExceeded);
    }
  }

  void check_tag(const std::string& tag, std::initializer_list<std::string_view> known,
                 std::size_t offset) const {
    if (tag.empty() || tag == "?" || tag == "!") {
      return;
    }
    for (const std::string_view name : known) {
      if (tag.starts_with(kCoreTags) && tag.substr(kCoreTags.size()) == name) {
        return;
      }
    }
    fail(offset, "unknown tag " + base::quote(tag));
  }

  Node::Body& add_body(const YAML::Mark& mark, NodeKind kind) {
    Node::Body& body = impl.bodies.emplace_back();
    body.kind = kind;
    body.offset = offset_of(mark);
    body.source = &impl.source;
    count(1, body.offset);
    return body;
  }

  void remember(YAML::anchor_t anchor, Node::Body& body) {
    if (anchor != 0) {
      anchors[anchor] = &body;
    }
  }

  void open(const YAML::Mark& mark, NodeKind kind, YAML::anchor_t anchor) {
    Node::Body& body = add_body(mark, kind);
    check_depth(1, body.offset);
    body.closed = false;
    remember(anchor, body);
    stack.emplace_back().body = &body;
  }

  void close() {
    Frame frame = std::move(stack.back());
    stack.pop_back();
    apply_merges(frame);
    Node::Body& body = *frame.body;
    const auto include = [&body](const Node& child) {
      body.weight += body_of(child).weight;
      body.height = std::max(body.height, body_of(child).height);
    };
    for (const Node& item : body.items) {
      include(item);
    }
    for (const auto& [key, value] : body.entries) {
      include(key);
      include(value);
    }
    ++body.height;
    body.closed = true;
    attach(body);
  }

  void attach(const Node::Body& body) { attach(body, body.offset); }

  /// `offset` is the place of the node or of the alias that stands for it.
  void attach(const Node::Body& body, std::size_t offset) {
    if (stack.empty()) {
      impl.root = view(body);
      return;
    }
    Frame& frame = stack.back();
    if (frame.body->kind == NodeKind::kSequence) {
      frame.body->items.push_back(view(body));
    } else if (frame.key == nullptr) {
      take_key(frame, body, offset);
    } else {
      const Node::Body& key = *std::exchange(frame.key, nullptr);
      if (key.text == "<<" && !key.quoted) {
        take_merge(frame, body, offset);
      } else {
        frame.body->entries.emplace_back(view(key), view(body));
      }
    }
  }

  void take_key(Frame& frame, const Node::Body& body, std::size_t offset) const {
    if (body.kind == NodeKind::kSequence || body.kind == NodeKind::kMapping) {
      fail(offset, "a key of a mapping must be a text");
    }
    const auto [place, added] = frame.places.emplace(body.text, offset);
    if (!added) {
      const base::Position first = impl.source.position(place->second);
      fail(offset, "the key " + base::quote(body.text) + " is already defined at line " +
                       std::to_string(first.line) + ", column " + std::to_string(first.column));
    }
    frame.key = &body;
    frame.key_offset = offset;
  }

  void take_merge(Frame& frame, const Node::Body& body, std::size_t offset) const {
    if (body.kind == NodeKind::kMapping) {
      frame.merges.push_back(&body);
      return;
    }
    bool all = body.kind == NodeKind::kSequence;
    for (const Node& item : body.items) {
      all = all && item.kind() == NodeKind::kMapping;
      frame.merges.push_back(&body_of(item));
    }
    if (!all) {
      fail(offset, "the merge key << takes a mapping or a list of mappings");
    }
  }

  /// Own keys win over merged ones, and earlier mappings over later ones.
  void apply_merges(Frame& frame) {
    for (const Node::Body* merged : frame.merges) {
      for (const auto& [key, value] : merged->entries) {
        if (frame.places.emplace(key.text(), 0).second) {
          count(body_of(key).weight + body_of(value).weight, frame.body->offset);
          frame.body->entries.emplace_back(key, value);
        }
      }
    }
  }

  Document::Impl& impl;
  const Limits& limits;
  const Substitution& substitute;
  std::size_t total = 0;
  std::vector<Frame> stack;
  std::unordered_map<YAML::anchor_t, Node::Body*> anchors;
};

namespace {

/// Finds where a second document would begin, then leaves: only the first one counts.
struct SecondDocument final : YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark& mark) override {
    begin = mark;
    found = true;
    throw Stop{base::Error(base::ErrorCode::kInternal, "found")};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}

  YAML::Mark begin;
  bool found = false;
};

bool is_marker(std::string_view line) {
  return (line.starts_with("---") || line.starts_with("...")) &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

/// yaml-cpp's messages in words that say what to do.
std::string explain(const std::string& message) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"end of map not found", "expected a key here: check the indentation and the quotes"},
      {"end of sequence not found", "expected an item here: check the indentation"},
      {"end of sequence flow not found", "the [ is not closed"},
      {"end of map flow not found", "the { is not closed"},
      {"illegal map value",
       "a mapping cannot begin here: check the indentation, or quote a text that contains \": \""},
      {"illegal block entry", "a list cannot begin here: put it on a line of its own"},
      {"unknown token", "this character cannot begin a text: quote the text"},
  };
  for (const auto& [known, words] : kWords) {
    if (message == known) {
      return std::string(words);
    }
  }
  return message;
}

/// yaml-cpp takes whatever cannot continue the first document for the beginning of a second one,
/// even where nothing separates them. Gives the line of such an end, or a reason to refuse it.
base::Status check_rest(YAML::Parser& parser, const SourceText& source, std::size_t last_offset) {
  SecondDocument second;
  base::Error error(base::ErrorCode::kInvalidInput,
                    "this does not continue the document: check the indentation");
  int line = 0;
  int column = 0;
  try {
    parser.HandleNextDocument(second);
    return {};
  } catch (const Stop&) {
    line = second.begin.line;
    column = second.begin.column;
  } catch (const YAML::ParserException& e) {
    line = e.mark.line;
    column = e.mark.column;
    error = base::Error(base::ErrorCode::kInvalidInput, explain(e.msg));
  }
  for (int number = source.line_of(last_offset) + 1; number <= line; ++number) {
    if (is_marker(source.line(number))) {
      return {};
    }
  }
  return std::move(error).at(source.position(source.offset(line, column)));
}

}  // namespace

base::Result<Document> Document::parse(std::string text, std::string file, const Limits& limits,
                                       const Substitution& substitution) {
  if (text.size() > limits.max_bytes) {
    return base::Error(base::ErrorCode::kLimitExceeded,
                       "larger than " + std::to_string(limits.max_bytes) + " bytes")
        .at({std::move(file), 0, 0});
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.erase(0, 3);
  }
  const auto impl = std::make_shared<Impl>(
      SourceText(substitution ? guard_variables(text) : std::move(text), std::move(file)));
  if (base::Status characters = check_characters(impl->source); !characters) {
    return std::move(characters).error();
  }
  Loader loader(*impl, limits, substitution);
  try {
    std::istringstream stream(impl->source.text());
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(loader)) {
      Node::Body& empty = impl->bodies.emplace_back();
      empty.source = &impl->source;
      impl->root = Loader::view(empty);
    } else {
      const std::size_t last = impl->bodies.empty() ? 0 : impl->bodies.back().offset;
      if (base::Status rest = check_rest(parser, impl->source, last); !rest) {
        return std::move(rest).error();
      }
    }
  } catch (Stop& stop) {
    return std::move(stop.error);
  } catch (const YAML::Exception& e) {
    // What is not closed is best seen where it was opened.
    const bool unclosed = e.msg.find(" flow not found") != std::string::npos;
    const std::size_t offset = unclosed && !loader.stack.empty() ? loader.stack.back().body->offset
                                                                 : loader.offset_of(e.mark);
    return base::Error(base::ErrorCode::kInvalidInput, explain(e.msg))
        .at(impl->source.position(offset));
  }
  Document document;
  document.impl_ = impl;
  return document;
}

}  // namespace tocsin::yaml

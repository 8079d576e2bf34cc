#include "exposition/parse.h"

#include <utility>

#include "base/text.h"
#include "exposition/bounds.h"
#include "exposition/describe.h"
#include "exposition/family.h"

namespace tocsin::exposition {
model::Labels Page::label_set(const ParsedSample& sample) const {
  std::vector<model::Label> all;
  all.reserve(sample.label_count + 1);
  static const model::Symbol kName{model::kMetricName};
  all.push_back({kName, model::Symbol(sample.name)});
  for (const LabelView& label : labels(sample)) {
    if (!label.value.empty()) {
      all.push_back({model::Symbol(label.name), model::Symbol(label.value)});
    }
  }
  return model::Labels(std::move(all));
}

/// Walks through one body, line by line.
class PageParser {
 public:
  static base::Status parse(std::string_view body, Format format, Page& page) {
    clear(page);
    base::Status status = PageParser(body, format, page).run();
    if (!status) {
      clear(page);  // nothing half-delivered
    }
    return status;
  }

 private:
  PageParser(std::string_view body, Format format, Page& page)
      : body_(body), format_(format), page_(page), reader_(format, false, page.texts_) {}

  static void clear(Page& page) {
    page.samples_.clear();
    page.labels_.clear();
    page.families_.clear();
    page.texts_.clear();
  }

  base::Status run() {
    check_utf8_ = !is_ascii(body_);
    bool ended = false;
    while (!body_.empty()) {
      ++line_number_;
      const std::size_t end = body_.find('\n');
      const std::string_view line = body_.substr(0, end);
      body_.remove_prefix(end == std::string_view::npos ? body_.size() : end + 1);
      if (ended) {
        return error(line, {0, "unexpected text behind # EOF"});
      }
      if (const std::optional<Fault> fault = one_line(line, ended)) {
        return error(line, *fault);
      }
    }
    if (format_ == Format::kOpenMetrics && !ended) {
      ++line_number_;
      return error("", {0, "the page does not end with # EOF"});
    }
    return {};
  }

  base::Error error(std::string_view line, const Fault& fault) const {
    return base::Error(base::ErrorCode::kInvalidInput, fault.reason)
        .at({.file = "", .line = line_number_, .column = column_of(line, fault.offset)});
  }

  std::optional<Fault> one_line(std::string_view line, bool& ended) {
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) {
      return std::nullopt;
    }
    if (check_utf8_ && !is_ascii(line) && !base::is_valid_utf8(line)) {
      return Fault{valid_utf8_prefix(line), "invalid UTF-8"};
    }
    if (line[start] != '#') {
      return sample(line);
    }
    CommentLine comment;
    reader_.read_comment(line, comment);
    ended = comment.kind == CommentKind::kEof;
    if (comment.kind == CommentKind::kType) {
      type_ = stated_type(comment, format_);
    }
    families_.add(comment, format_);
    return std::nullopt;
  }

  std::optional<Fault> sample(std::string_view line) {
    if (std::optional<Fault> fault = reader_.read_sample(line, page_.labels_, line_)) {
      return fault;
    }
    page_.labels_.resize(line_.first_label + line_.label_count);  // an exemplar's go
    if (const std::string_view bound = bound_label(type_); !bound.empty()) {
      canonicalise(bound, std::span(page_.labels_).subspan(line_.first_label), page_.texts_);
    }
    page_.samples_.push_back({.series = line_.series,
                              .name = line_.name,
                              .value = line_.value,
                              .time_ms = line_.time_ms,
                              .first_label = static_cast<std::uint32_t>(line_.first_label),
                              .label_count = static_cast<std::uint32_t>(line_.label_count)});
    return std::nullopt;
  }

  std::string_view body_;
  Format format_;
  Page& page_;
  LineReader reader_;
  SampleLine line_;
  int line_number_ = 0;
  bool check_utf8_ = false;
  /// What the newest TYPE line says: what follows is of that type, as Prometheus reads it.
  model::MetricType type_ = model::MetricType::kUnknown;
  FamilyList families_{page_.families_};
};

base::Status parse_into(std::string_view body, Format format, Page& page) {
  return PageParser::parse(body, format, page);
}

base::Result<Page> parse(std::string_view body, Format format) {
  Page page;
  if (const base::Status status = parse_into(body, format, page); !status) {
    return status.error();
  }
  return page;
}

}  // namespace tocsin::exposition

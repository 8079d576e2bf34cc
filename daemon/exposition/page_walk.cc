// Reading a page with the layout of the one before at hand.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "exposition/bounds.h"
#include "exposition/describe.h"
#include "exposition/family.h"
#include "exposition/page_layout.h"
#include "exposition/quick_number.h"
#include "exposition/scalar.h"
#include "exposition/text_hash.h"

namespace tocsin::exposition {
namespace {

/// The places are given back when so many pages were laid out as the one before.
constexpr std::uint32_t kCleanPages = 16;
/// How far ahead a line is looked for when lines before it are gone.
constexpr std::size_t kReach = 64;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

/// Walks through one body with the lines of the page before at hand.
class PageLayout::Walk {
 public:
  Walk(PageLayout& layout, std::string_view body, PageSamples& page)
      : layout_(layout),
        page_(page),
        begin_(body.data()),
        at_(body.data()),
        end_(body.data() + body.size()),
        reader_(layout.format_, false, texts_) {}

  base::Status run() {
    while (at_ != end_) {
      if (!ended_ && quick_line()) {
        continue;
      }
      const auto* feed =
          static_cast<const char*>(std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_)));
      const std::string_view line(at_, feed == nullptr ? end_ : feed);
      if (ended_) {
        return error(line, {0, "unexpected text behind # EOF"});
      }
      if (const std::optional<Fault> fault = slow_line(line)) {
        return error(line, *fault);
      }
      at_ = feed == nullptr ? end_ : feed + 1;
    }
    if (layout_.format_ == Format::kOpenMetrics && !ended_) {
      return error("", {0, "the page does not end with # EOF"});
    }
    finish();
    return {};
  }

 private:
  base::Error error(std::string_view line, const Fault& fault) const {
    const int number = 1 + static_cast<int>(std::count(begin_, at_, '\n'));
    const bool open_line = at_ == end_ && at_ != begin_ && at_[-1] != '\n';
    return base::Error(base::ErrorCode::kInvalidInput, fault.reason)
        .at({.file = "",
             .line = number + (open_line ? 1 : 0),
             .column = column_of(line, fault.offset)});
  }

  void skip_blanks(const char*& at) const {
    while (at != end_ && is_blank(*at)) {
      ++at;
    }
  }
  bool at_line_end(const char* at) const { return at == end_ || *at == '\n'; }

  /// Whether `size` bytes from here are those of the hash.
  bool matches(std::uint64_t hash, std::size_t size) const {
    return size <= static_cast<std::size_t>(end_ - at_) && text_hash(at_, size) == hash;
  }

  /// Takes a line that is what stood here last time, or takes nothing.
  bool quick_line() {
    if (next_ == layout_.lines_.size()) {
      return false;
    }
    const Line line = layout_.lines_[next_];
    if ((line & kComment) != 0) {
      const Comment& comment = layout_.comments_[line & ~kComment];
      if (!matches(comment.hash, comment.length)) {
        return false;
      }
      apply(comment);
      at_ += comment.length;
    } else {
      const Known& known = layout_.known_[line];
      if (known.length >= static_cast<std::size_t>(end_ - at_) || !is_blank(at_[known.length]) ||
          !matches(known.hash, known.length)) {
        return false;
      }
      const char* at = at_ + known.length + 1;
      if (!quick_rest(at)) {
        return false;
      }
      add_sample(line, at_ - begin_, value_, time_);
      at_ = at == end_ ? at : at + 1;
    }
    if (changed_) {
      now_.push_back(line);
    }
    ++next_;
    return true;
  }

  /// Value and time behind the series; `at` comes to the end of the line.
  bool quick_rest(const char*& at) {
    skip_blanks(at);
    if (!quick_value(at)) {
      return false;
    }
    skip_blanks(at);
    time_ = kNoTime;
    if (at_line_end(at)) {
      return true;
    }
    return quick_time(at) && at_line_end(at);
  }

  bool quick_value(const char*& at) {
    const char* after = read_quick_number(at, end_, value_);
    if (after != nullptr && (at_line_end(after) || is_blank(*after))) {
      at = after;
      return true;
    }
    after = std::find_if(at, end_, [](char c) { return is_blank(c) || c == '\n'; });
    const std::optional<double> value = read_number({at, after});
    at = after;
    value_ = value.value_or(0);
    return value.has_value();
  }

  bool quick_time(const char*& at) {
    const char* after = nullptr;
    if (layout_.format_ == Format::kText) {
      after = read_quick_integer(at, end_, time_);
    } else {
      double seconds = 0;
      after = read_quick_number(at, end_, seconds);
      constexpr double kLimit = 9.2e15;  // seconds whose milliseconds fit into 64 bits
      if (after == nullptr || !(std::abs(seconds) < kLimit)) {
        return false;
      }
      time_ = static_cast<std::int64_t>(seconds * 1000);
    }
    if (after == nullptr) {
      return false;
    }
    at = after;
    skip_blanks(at);
    return true;
  }

  /// `offset`: where the sample's text begins in the page.
  void add_sample(std::uint32_t series, std::ptrdiff_t offset, double value, std::int64_t time) {
    page_.samples.push_back(
        {.value = value, .series = series, .offset = static_cast<std::uint32_t>(offset)});
    if (time != kNoTime && page_.times.empty()) {
      page_.times.assign(page_.samples.size() - 1, kNoTime);
    }
    if (time != kNoTime || !page_.times.empty()) {
      page_.times.push_back(time);
    }
  }

  void apply(const Comment& comment) {
    ended_ = comment.ends;
    if (comment.type) {
      type_ = *comment.type;
    }
  }

  std::optional<Fault> slow_line(std::string_view line) {
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) {
      return std::nullopt;
    }
    if (!is_ascii(line) && !base::is_valid_utf8(line)) {
      return Fault{valid_utf8_prefix(line), "invalid UTF-8"};
    }
    if (line[start] == '#') {
      slow_comment(line);
      return std::nullopt;
    }
    labels_.clear();
    texts_.clear();
    if (std::optional<Fault> fault = reader_.read_sample(line, labels_, sample_)) {
      return fault;
    }
    ++page_.parsed;
    const std::uint32_t series = number_of(sample_.series);
    add_sample(series, sample_.series.data() - begin_, sample_.value,
               sample_.time_ms.value_or(kNoTime));
    place(series);
    return std::nullopt;
  }

  std::uint32_t number_of(std::string_view text) {
    layout_.clean_pages_ = 0;
    auto& places = layout_.places_;
    auto& known = layout_.known_;
    if (places.empty()) {
      for (std::uint32_t i = 0; i < known.size(); ++i) {
        if (known[i].length > 0) {
          places.emplace(known[i].hash, i);
        }
      }
    }
    const std::uint64_t hash = text_hash(text.data(), text.size());
    const auto [place, added] = places.try_emplace(hash, 0);
    if (!added) {
      return place->second;
    }
    std::uint32_t series = static_cast<std::uint32_t>(known.size());
    if (layout_.free_.empty()) {
      known.emplace_back();
    } else {
      series = layout_.free_.back();
      layout_.free_.pop_back();
    }
    place->second = series;
    const std::string_view bound = bound_label(type_);
    known[series] = {.hash = hash,
                     .length = static_cast<std::uint32_t>(text.size()),
                     .bound = bound.empty()   ? Bound::kNone
                              : bound == "le" ? Bound::kLe
                                              : Bound::kQuantile};
    page_.fresh.push_back(series);
    return series;
  }

  void slow_comment(std::string_view line) {
    CommentLine read;
    reader_.read_comment(line, read);
    Comment comment{.hash = 0, .length = 0, .ends = read.kind == CommentKind::kEof};
    if (read.kind == CommentKind::kType) {
      comment.type = stated_type(read, layout_.format_);
    }
    apply(comment);
    if (line.data() + line.size() == end_) {
      return;  // without its line feed, it is not the line that may stand here next time
    }
    const std::string_view with_feed(line.data(), line.size() + 1);
    comment.length = static_cast<std::uint32_t>(with_feed.size());
    comment.hash = text_hash(with_feed.data(), with_feed.size());
    comments_changed_ = true;
    layout_.comments_.push_back(comment);
    place(kComment | static_cast<Line>(layout_.comments_.size() - 1));
  }

  bool same(Line a, Line b) const {
    const bool comments = (a & b & kComment) != 0;
    return a == b || (comments && layout_.comments_[a & ~kComment].hash ==
                                      layout_.comments_[b & ~kComment].hash);
  }

  /// Writes down that this line comes next, and finds where the old page goes on behind it.
  void place(Line line) {
    const std::vector<Line>& lines = layout_.lines_;
    if (!changed_ && next_ < lines.size() && lines[next_] == line) {
      ++next_;
      return;
    }
    if (!changed_) {
      changed_ = true;
      now_.assign(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(next_));
    }
    now_.push_back(line);
    const std::size_t reach = std::min(lines.size(), next_ + kReach);
    for (std::size_t i = next_; i < reach; ++i) {
      if (same(lines[i], line)) {
        next_ = i + 1;
        return;
      }
    }
  }

  void finish() {
    const bool same = !changed_ && next_ == layout_.lines_.size();
    page_.laid = layout_.lines_.empty() ? Laid::kNew : same ? Laid::kSame : Laid::kChanged;
    if (same) {
      if (++layout_.clean_pages_ == kCleanPages) {
        layout_.places_ = {};
      }
    } else {
      if (!changed_) {
        now_.assign(layout_.lines_.begin(),
                    layout_.lines_.begin() + static_cast<std::ptrdiff_t>(next_));
      }
      std::vector<Comment> comments;
      for (Line& line : now_) {
        if ((line & kComment) != 0) {
          comments.push_back(layout_.comments_[line & ~kComment]);
          line = kComment | static_cast<Line>(comments.size() - 1);
        }
      }
      comments_changed_ = comments_changed_ || comments.size() != layout_.comments_.size();
      layout_.settle(std::move(now_), std::move(comments));
    }
    if (comments_changed_ || !layout_.families_) {
      collect_families();
    }
  }

  void collect_families() {
    std::vector<Family> families;
    FamilyList list(families);
    std::string_view rest(begin_, end_);
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (base::trim(line).starts_with('#')) {
        CommentLine read;
        reader_.read_comment(line, read);
        list.add(read, layout_.format_);
      }
    }
    layout_.families_ = std::make_shared<const std::vector<Family>>(std::move(families));
  }

  PageLayout& layout_;
  PageSamples& page_;
  const char* begin_;
  const char* at_;
  const char* end_;
  Texts texts_;
  LineReader reader_;
  std::vector<LabelView> labels_;
  SampleLine sample_;
  double value_ = 0;
  std::int64_t time_ = kNoTime;
  /// What the newest TYPE line says: what follows is of that type, as Prometheus reads it.
  model::MetricType type_ = model::MetricType::kUnknown;
  bool ended_ = false;
  std::size_t next_ = 0;  // of the layout's lines
  bool changed_ = false;  // from here on now_ holds the lines, those before included
  bool comments_changed_ = false;
  std::vector<Line> now_;
};

base::Status PageLayout::read(std::string_view body, Format format, PageSamples& page) {
  const std::size_t expected = lines_.size();
  page.clear();
  page.samples.reserve(expected);
  ++page_;
  if (format != format_) {
    forget();
    format_ = format;
  }
  base::Status status;
  if (body.size() >= std::numeric_limits<std::uint32_t>::max()) {
    status = base::Error(base::ErrorCode::kLimitExceeded, "a page of 4 GiB or more");
  } else {
    status = Walk(*this, body, page).run();
  }
  if (!status) {
    const std::size_t before_fault = page.samples.size();
    page.clear();
    page.before_fault = before_fault;
    forget();
    ++page_;
  }
  page.page = page_;
  return status;
}

}  // namespace tocsin::exposition

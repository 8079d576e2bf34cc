#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/symbol.h"

namespace tocsin::model {

inline constexpr std::string_view kMetricName = "__name__";
inline constexpr std::string_view kAlertName = "alertname";

/// One label: a name and a value that is not empty (an empty value means that there is no label).
struct Label {
  Symbol name;
  Symbol value;
  friend bool operator==(const Label&, const Label&) = default;
  friend auto operator<=>(const Label&, const Label&) = default;
};

/// An immutable set of labels, sorted by name, each name once. Copies share one body and are safe
/// to use on any thread. Order is that of Prometheus: label by label, then the shorter one first.
class Labels {
 public:
  Labels() = default;
  /// Sorts, drops empty values; of equal names the last one wins.
  Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);
  explicit Labels(std::vector<Label> labels);
  /// The same with the hash() of a list that is sorted and without empty values, as another
  /// Labels gave it out: spares reading every text again.
  Labels(std::vector<Label> normal, std::uint64_t hash);

  Labels(const Labels& other) noexcept : body_(other.body_) {
    if (body_ != nullptr) {
      body_->references.fetch_add(1, std::memory_order_relaxed);
    }
  }
  Labels(Labels&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  Labels& operator=(Labels other) noexcept {
    std::swap(body_, other.body_);
    return *this;
  }
  ~Labels() {
    if (body_ != nullptr && body_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      destroy(body_);
    }
  }

  /// The value, or an empty text when there is no such label.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const { return !get(name).empty(); }
  std::string_view metric_name() const { return get(kMetricName); }

  bool empty() const { return body_ == nullptr; }
  std::size_t size() const { return body_ != nullptr ? body_->count : 0; }
  auto begin() const { return all().begin(); }
  auto end() const { return all().end(); }
  std::span<const Label> all() const {
    return body_ != nullptr ? std::span<const Label>(body_->labels(), body_->count)
                            : std::span<const Label>();
  }
  /// What a set of so many labels takes on the heap, without its texts.
  static constexpr std::size_t heap_bytes(std::size_t count) {
    return sizeof(Body) + count * sizeof(Label);
  }

  /// A 64-bit hash of the content, the same in every process: FNV-1a over name, 0xff, value, 0xff
  /// in order, as Alertmanager fingerprints label sets.
  std::uint64_t hash() const;

  /// `{a="1", b="2"}`, with the metric name in front when there is one: `up{job="api"}`.
  /// Names outside [a-zA-Z0-9_:] are quoted, as Prometheus 3 prints them.
  std::string to_string() const;

  friend bool operator==(const Labels& a, const Labels& b);
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  /// The labels follow behind it, in the same piece of memory.
  struct alignas(Label) Body {
    std::atomic<std::uint32_t> references;
    std::uint32_t count;
    std::uint64_t hash;

    Label* labels() { return reinterpret_cast<Label*>(this + 1); }
  };

  static Body* make(std::span<Label> labels, std::uint64_t hash);
  static void destroy(Body* body);

  Body* body_ = nullptr;
};

/// For unordered containers keyed by Labels.
struct LabelsHash {
  std::size_t operator()(const Labels& labels) const { return labels.hash(); }
};

/// Collects changes to a label set and builds the new one.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& base);

  /// Sets or replaces; an empty value removes.
  LabelsBuilder& set(std::string_view name, std::string_view value);
  LabelsBuilder& set(Label label);
  LabelsBuilder& remove(std::string_view name);
  /// Keeps only the named labels.
  LabelsBuilder& keep(std::span<const std::string> names);
  std::string_view get(std::string_view name) const;

  Labels build() const;

 private:
  std::vector<Label> labels_;  // sorted by name
};

/// Whether a name fits Prometheus' classic label grammar, [a-zA-Z_][a-zA-Z0-9_]*.
bool is_legacy_label_name(std::string_view name);
/// Whether a name fits the classic metric grammar, [a-zA-Z_:][a-zA-Z0-9_:]*.
bool is_legacy_metric_name(std::string_view name);

}  // namespace tocsin::model

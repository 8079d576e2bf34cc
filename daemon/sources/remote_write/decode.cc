#include "sources/remote_write/decode.h"

#include <algorithm>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sources/remote_write/histogram.h"

namespace tocsin::sources::remote_write {
namespace {

using base::Error;
using base::ErrorCode;
using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kFixed64 = pbf_wire_type::fixed64;
constexpr auto kBytes = pbf_wire_type::length_delimited;

std::string_view text_of(data_view view) { return {view.data(), view.size()}; }

/// What the two protocols have in common: how a series is put together and judged.
class SeriesReader {
 public:
  explicit SeriesReader(Pushed& pushed) : pushed_(pushed) {}

  void begin() {
    series_ = {};
    labels_.clear();
    fault_.clear();
  }

  void label(model::Symbol name, model::Symbol value) {
    if (name.empty()) {
      note("a label without a name");
    } else if (!value.empty()) {
      labels_.push_back({std::move(name), std::move(value)});
    }
  }

  void sample(data_view message) {
    model::Sample sample;
    pbf_reader reader(message);
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case tag_and_type(1, kFixed64):
          sample.value = reader.get_double();
          break;
        case tag_and_type(2, kVarint):
          sample.time_ms = reader.get_int64();
          break;
        case tag_and_type(3, kVarint):
          series_.start_ms = reader.get_int64();
          break;
        default:
          reader.skip();
      }
    }
    series_.samples.push_back(sample);
  }

  void histogram(data_view message) {
    std::string fault;
    series_.histograms.push_back(decode_histogram(message, fault));
    if (!fault.empty()) {
      note(std::move(fault));
    }
  }

  void exemplar() { ++series_.exemplars; }
  void start(std::int64_t time_ms) { series_.start_ms = time_ms; }

  void end() {
    const std::size_t given = labels_.size();
    const auto no_utf8 = [](const model::Label& label) {
      return !base::is_valid_utf8(label.name.view()) || !base::is_valid_utf8(label.value.view());
    };
    if (std::ranges::any_of(labels_, no_utf8)) {
      note("a label that is not UTF-8");
    }
    series_.labels = model::Labels(std::exchange(labels_, {}));
    if (series_.labels.size() != given) {
      note("a label name that appears twice");
    }
    if (series_.labels.metric_name().empty()) {
      note("a series without a metric name");
    }
    if (fault_.empty()) {
      pushed_.series.push_back(std::move(series_));
      return;
    }
    ++pushed_.invalid_series;
    pushed_.invalid_samples += series_.samples.size() + series_.histograms.size();
    if (pushed_.invalid_reason.empty()) {
      pushed_.invalid_reason = fault_ + ": " + series_.labels.to_string();
    }
  }

 private:
  void note(std::string fault) {
    if (fault_.empty()) {
      fault_ = std::move(fault);
    }
  }

  Pushed& pushed_;
  PushedSeries series_;
  std::vector<model::Label> labels_;
  std::string fault_;
};

/// The protocols' numbers of metric types are the same.
model::MetricType type_of(std::int32_t number) {
  using model::MetricType;
  constexpr MetricType kTypes[] = {
      MetricType::kUnknown,        MetricType::kCounter, MetricType::kGauge, MetricType::kHistogram,
      MetricType::kGaugeHistogram, MetricType::kSummary, MetricType::kInfo,  MetricType::kStateSet};
  return number >= 0 && number < 8 ? kTypes[number] : MetricType::kUnknown;
}

void read_v1_label(data_view message, SeriesReader& series) {
  data_view name("", 0);
  data_view value("", 0);
  pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        name = reader.get_view();
        break;
      case tag_and_type(2, kBytes):
        value = reader.get_view();
        break;
      default:
        reader.skip();
    }
  }
  series.label(model::Symbol(text_of(name)), model::Symbol(text_of(value)));
}

void read_v1_series(data_view message, SeriesReader& series) {
  series.begin();
  pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        read_v1_label(reader.get_view(), series);
        break;
      case tag_and_type(2, kBytes):
        series.sample(reader.get_view());
        break;
      case tag_and_type(3, kBytes):
        reader.skip();
        series.exemplar();
        break;
      case tag_and_type(4, kBytes):
        series.histogram(reader.get_view());
        break;
      default:
        reader.skip();
    }
  }
  series.end();
}

exposition::Family read_v1_metadata(data_view message) {
  exposition::Family family;
  pbf_reader reader(message);
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kVarint):
        family.type = type_of(reader.get_enum());
        break;
      case tag_and_type(2, kBytes):
        family.name = reader.get_string();
        break;
      case tag_and_type(4, kBytes):
        family.help = reader.get_string();
        break;
      case tag_and_type(5, kBytes):
        family.unit = reader.get_string();
        break;
      default:
        reader.skip();
    }
  }
  return family;
}

void read_v1(std::string_view message, Pushed& pushed) {
  SeriesReader series(pushed);
  pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        read_v1_series(reader.get_view(), series);
        break;
      case tag_and_type(3, kBytes):
        pushed.families.push_back(read_v1_metadata(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
}

/// A request of 2.0: texts stand once in a table, and everything refers to it.
class V2Reader {
 public:
  explicit V2Reader(Pushed& pushed) : pushed_(pushed), series_(pushed) {}

  base::Status run(std::string_view message) {
    // The table may stand behind what refers to it.
    pbf_reader tables(message.data(), message.size());
    while (tables.next()) {
      if (tables.tag_and_type() == tag_and_type(4, kBytes)) {
        symbols_.emplace_back(text_of(tables.get_view()));
      } else {
        tables.skip();
      }
    }
    if (!symbols_.empty() && !symbols_.front().empty()) {
      return Error(ErrorCode::kInvalidInput, "the first symbol is not empty");
    }
    pbf_reader reader(message.data(), message.size());
    while (reader.next()) {
      if (reader.tag_and_type() == tag_and_type(5, kBytes)) {
        read_series(reader.get_view());
      } else {
        reader.skip();
      }
    }
    if (!lost_reference_) {
      return {};
    }
    return Error(ErrorCode::kInvalidInput, "a reference beyond the table of symbols");
  }

 private:
  model::Symbol symbol(std::uint32_t reference) {
    if (reference < symbols_.size()) {
      return symbols_[reference];
    }
    lost_reference_ = lost_reference_ || reference != 0;
    return {};
  }

  void read_series(data_view message) {
    series_.begin();
    references_.clear();
    exposition::Family family;
    pbf_reader reader(message);
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case tag_and_type(1, kBytes): {
          const auto packed = reader.get_packed_uint32();
          references_.insert(references_.end(), packed.begin(), packed.end());
          break;
        }
        case tag_and_type(1, kVarint):
          references_.push_back(reader.get_uint32());
          break;
        case tag_and_type(2, kBytes):
          series_.sample(reader.get_view());
          break;
        case tag_and_type(3, kBytes):
          series_.histogram(reader.get_view());
          break;
        case tag_and_type(4, kBytes):
          reader.skip();
          series_.exemplar();
          break;
        case tag_and_type(5, kBytes):
          read_metadata(reader.get_view(), family);
          break;
        case tag_and_type(6, kVarint):
          series_.start(reader.get_int64());
          break;
        default:
          reader.skip();
      }
    }
    lost_reference_ = lost_reference_ || references_.size() % 2 != 0;
    for (std::size_t i = 0; i + 1 < references_.size(); i += 2) {
      model::Symbol name = symbol(references_[i]);
      model::Symbol value = symbol(references_[i + 1]);
      if (name.view() == model::kMetricName) {
        family.name = std::string(value.view());
      }
      series_.label(std::move(name), std::move(value));
    }
    series_.end();
    const bool stated =
        family.type != model::MetricType::kUnknown || !family.help.empty() || !family.unit.empty();
    // Series of one family mostly follow each other.
    if (stated && !family.name.empty() &&
        (pushed_.families.empty() || pushed_.families.back().name != family.name)) {
      pushed_.families.push_back(std::move(family));
    }
  }

  void read_metadata(data_view message, exposition::Family& family) {
    pbf_reader reader(message);
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case tag_and_type(1, kVarint):
          family.type = type_of(reader.get_enum());
          break;
        case tag_and_type(3, kVarint):
          family.help = std::string(symbol(reader.get_uint32()).view());
          break;
        case tag_and_type(4, kVarint):
          family.unit = std::string(symbol(reader.get_uint32()).view());
          break;
        default:
          reader.skip();
      }
    }
  }

  Pushed& pushed_;
  SeriesReader series_;
  std::vector<model::Symbol> symbols_;
  std::vector<std::uint32_t> references_;
  bool lost_reference_ = false;
};

}  // namespace

base::Result<Pushed> decode(std::string_view message, Version version) {
  Pushed pushed;
  try {
    if (version == Version::kV1) {
      read_v1(message, pushed);
    } else if (const base::Status read = V2Reader(pushed).run(message); !read) {
      return read.error();
    }
  } catch (const protozero::exception& error) {
    return Error(ErrorCode::kInvalidInput, std::string("protobuf: ") + error.what());
  }
  return pushed;
}

}  // namespace tocsin::sources::remote_write

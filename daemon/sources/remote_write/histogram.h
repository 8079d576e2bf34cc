#pragma once

#include <protozero/data_view.hpp>
#include <string>

#include "model/histogram.h"

namespace tocsin::sources::remote_write {

/// Reads the message Histogram, which both versions of the protocol share. Throws protozero's
/// exceptions. When the parts contradict each other `fault` says how.
model::HistogramSample decode_histogram(protozero::data_view message, std::string& fault);

}  // namespace tocsin::sources::remote_write
